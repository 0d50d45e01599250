begin;
select plan(1);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset
update public.generation_types set cost = 8, refund_on_failure = false where slug = 'test';

select is(
  public.fail_generation(:'generation_id') -> 'refunded', '3', 'a new price, or a new rule, is for new generations only'
);

select * from finish();
rollback;
