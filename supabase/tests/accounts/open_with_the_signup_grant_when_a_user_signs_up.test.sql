begin;
select plan(2);

update private.settings set signup_credits = 7;
insert into auth.users (id, email) values ('11111111-1111-4111-8111-111111111111', 'new@example.com');

select row_eq(
  $$select email, credits, version, last_generate_at, closed_at from public.profiles
  where id = '11111111-1111-4111-8111-111111111111'$$,
  row ('new@example.com'::text, 7, 1::bigint, null::timestamptz, null::timestamptz),
  'with the credits of private.settings.signup_credits, at version 1'
);
select is(
  tests.newest_event('11111111-1111-4111-8111-111111111111'),
  '{"version": 1, "type": "account.opened", "delta": 7, "balance": 7, "reason": "signup_grant",
    "actor": "system", "generation_id": null}',
  'the ledger begins with it'
);

select * from finish();
rollback;
