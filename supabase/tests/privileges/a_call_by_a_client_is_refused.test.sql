begin;
select plan(7);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.account(:'user_id') as before \gset

select tests.as_user(:'user_id');
select throws_ok(
  format('select public.reserve_generation(%L, ''test'')', :'user_id'), '42501', null, 'also for the own account'
);
select throws_ok(format('select public.refund_credit_atomic(%L)', :'user_id'), '42501', null, 'no refund');
select throws_ok(format('select public.grant_credits(%L, 5, ''gift'')', :'user_id'), '42501', null, 'no grant');
select throws_ok(format('select public.get_account(%L)', :'user_id'), '42501', null, 'not even a read');
reset role;
set local role anon;
select throws_ok(format('select public.get_account(%L)', :'user_id'), '42501', null, 'nor by nobody');
select throws_ok('select public.get_generation_types()', '42501', null, 'whatever it is');
reset role;
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
