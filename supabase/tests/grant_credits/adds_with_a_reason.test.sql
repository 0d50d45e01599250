begin;
select plan(3);

select tests.create_user() as user_id \gset

select is(
  public.grant_credits(:'user_id', 5, 'sorry for tuesday'),
  jsonb_build_object('success', true, 'credits', 15, 'version', 2, 'epoch', (select epoch from private.settings)),
  'the answer says where the account now stands'
);
select is(
  tests.newest_event(:'user_id'),
  '{"version": 2, "type": "credit.granted", "delta": 5, "balance": 15, "reason": "sorry for tuesday",
    "actor": "operator", "generation_id": null}',
  'the ledger has it, in the operator''s words'
);
select is(last_generate_at, null, 'no rate limit starts') from public.profiles where id = :'user_id';

select * from finish();
rollback;
