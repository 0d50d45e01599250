begin;
select plan(1);

select tests.create_type(p_rate_limit_seconds => 60);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset

select is(
  public.submit_generation(:'user_id', 'test') -> 'success', 'true', 'it was asked when the credits were taken'
);

select * from finish();
rollback;
