begin;
select plan(2);

select tests.create_type(p_reservation_seconds => null);
select tests.create_user() as user_id \gset

select is(
  public.reserve_generation(:'user_id', 'test') -> 'expires_at', 'null', 'the answer says that it has no end'
);
select is(deadline_at, null, 'and it has none') from public.generation_jobs where user_id = :'user_id';

select * from finish();
rollback;
