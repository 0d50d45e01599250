begin;
select plan(3);

select tests.create_user() as user_id \gset

select is(public.grant_credits(:'user_id', -10, 'chargeback') -> 'credits', '0', 'as far as 0');
select is(
  tests.newest_event(:'user_id'),
  '{"version": 2, "type": "credit.adjusted", "delta": -10, "balance": 0, "reason": "chargeback",
    "actor": "operator", "generation_id": null}',
  'the ledger calls it an adjustment'
);
select is(last_generate_at, null, 'no rate limit starts') from public.profiles where id = :'user_id';

select * from finish();
rollback;
