begin;
select plan(2);

insert into public.profiles (id, credits, version) values ('11111111-1111-4111-8111-111111111111', 25, 99);

select row_eq(
  $$select credits, version from public.profiles where id = '11111111-1111-4111-8111-111111111111'$$,
  row (25, 1::bigint),
  'the app''s own insert keeps its credits, and opens at version 1, whatever it says'
);
select is(
  tests.newest_event('11111111-1111-4111-8111-111111111111') - 'reason',
  '{"version": 1, "type": "account.opened", "delta": 25, "balance": 25, "actor": "system", "generation_id": null}',
  'the ledger begins with what it had'
);

select * from finish();
rollback;
