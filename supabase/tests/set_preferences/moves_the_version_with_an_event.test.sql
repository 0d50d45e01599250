begin;
select plan(3);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select is(
  public.set_preferences(:'user_id', 'test', true, 30) - 'epoch',
  '{"success": true, "credits": 10, "version": 2, "topic": "test", "muted": true, "min_interval_seconds": 30}',
  'answers what is now'
);
select is(
  tests.newest_event(:'user_id'),
  '{"version": 2, "type": "account.changed", "delta": 0, "balance": 10, "reason": "notification_preferences",
    "actor": "user", "generation_id": null}',
  'open streams learn it from the event'
);
select is(tests.credits(:'user_id'), 10, 'no credit moves');

select * from finish();
rollback;
