begin;
select plan(5);

select tests.create_user() as user_id \gset
select tests.account(:'user_id') as before \gset

select is(
  public.grant_credits(:'user_id', 0, 'gift'),
  '{"success": false, "error": "INVALID_REQUEST", "message": "A grant has an amount other than 0, and a reason"}',
  'an amount of 0'
);
select is(public.grant_credits(:'user_id', null, 'gift') ->> 'error', 'INVALID_REQUEST', 'no amount');
select is(public.grant_credits(:'user_id', 5, '') ->> 'error', 'INVALID_REQUEST', 'an empty reason');
select is(public.grant_credits(:'user_id', 5, null) ->> 'error', 'INVALID_REQUEST', 'no reason');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
