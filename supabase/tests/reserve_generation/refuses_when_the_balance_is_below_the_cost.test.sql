begin;
select plan(2);

select tests.create_type();
select tests.create_user(2) as user_id \gset
select tests.account(:'user_id') as before \gset

select is(
  public.reserve_generation(:'user_id', 'test'),
  jsonb_build_object(
    'success', false, 'error', 'INSUFFICIENT_CREDITS', 'cost', 3, 'credits', 2, 'version', 1,
    'message', 'This generation costs 3 credit(s), and the balance is 2',
    'epoch', (select epoch from private.settings)
  ),
  'the refusal names the cost, and where the account stands'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
