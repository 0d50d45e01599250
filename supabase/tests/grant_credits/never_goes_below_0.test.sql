begin;
select plan(3);

select tests.create_user() as user_id \gset
select tests.account(:'user_id') as before \gset

select is(
  public.grant_credits(:'user_id', -11, 'chargeback') - 'epoch',
  '{"success": false, "error": "INSUFFICIENT_CREDITS",
    "message": "The balance is 10: 11 cannot be taken away", "cost": 11, "credits": 10, "version": 1}',
  'what is not there cannot be taken away'
);
select is(
  public.grant_credits(:'user_id', -2147483648, 'chargeback') ->> 'error', 'INSUFFICIENT_CREDITS',
  'however large it is'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
