begin;
select plan(3);

update private.settings set signup_credits = 7;
select gen_random_uuid() as user_id \gset

select is(
  public.open_account(:'user_id', 'third@example.com'),
  jsonb_build_object('success', true, 'credits', 7, 'version', 1, 'epoch', (select epoch from private.settings)),
  'for a user of a third-party issuer, who is no auth user'
);
select is(tests.newest_event(:'user_id') ->> 'type', 'account.opened', 'the ledger begins with it');
select is(email, 'third@example.com', 'the e-mail is kept') from public.profiles where id = :'user_id';

select * from finish();
rollback;
