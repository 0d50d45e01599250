begin;
select plan(4);

select tests.create_user() as user_id \gset
select tests.known(:'user_id') as known \gset

select is(
  public.record_change(:'user_id', 'project_renamed'),
  jsonb_build_object('success', true, 'credits', 10, 'version', 2, 'epoch', (select epoch from private.settings)),
  'the answer says where the account stands'
);
select is(
  tests.newest_event(:'user_id'),
  '{"version": 2, "type": "account.changed", "delta": 0, "balance": 10, "reason": "project_renamed", "actor": "system",
    "generation_id": null}',
  'it is an event of 0 credits'
);
select is(sum(delta), 10::bigint, 'the sum is the balance still') from public.account_events where user_id = :'user_id';
select ok(not public.get_account(:'user_id', :'known') ? 'unchanged', 'who knew the account is told of it');

select * from finish();
rollback;
