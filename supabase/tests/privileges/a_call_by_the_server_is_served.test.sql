begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
set local role service_role;

select is(
  public.reserve_generation(:'user_id', 'test') -> 'success', 'true', 'service_role charges without a right on a table'
);
select is(public.refund_credit_atomic(:'user_id') -> 'credits', '10', 'and gives back');
select is(public.get_health() -> 'success', 'true', 'and reads');
select throws_ok(
  format('select private.close_account(%L)', :'user_id'), '42501', null, 'but what is private is not its'
);
reset role;

select * from finish();
rollback;
