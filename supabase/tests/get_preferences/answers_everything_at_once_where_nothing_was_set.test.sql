begin;
select plan(1);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select is(
  public.get_preferences(:'user_id', 'test') - 'epoch',
  '{"success": true, "credits": 10, "version": 1, "topic": "test", "muted": false, "min_interval_seconds": 0}',
  'not muted, no interval'
);

select * from finish();
rollback;
