begin;
select plan(4);

select tests.create_user() as user_id \gset
select tests.account(:'user_id') as before \gset

select is(
  public.grant_credits(:'user_id', 999999991, 'gift') ->> 'message', 'A balance is at most 1000000000',
  'there is a limit'
);
select is(public.grant_credits(:'user_id', 2147483647, 'gift') ->> 'error', 'INVALID_REQUEST', 'however large it is');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');
select is(public.grant_credits(:'user_id', 999999990, 'gift') -> 'credits', '1000000000', 'which can be reached');

select * from finish();
rollback;
