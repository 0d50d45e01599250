begin;
select plan(2);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select tests.create_user() as other \gset
select public.set_preferences(:'user_id', 'test', true, 60);

select is(
  public.get_preferences(:'user_id', 'test') - 'epoch',
  '{"success": true, "credits": 10, "version": 2, "topic": "test", "muted": true, "min_interval_seconds": 60}',
  'at the version that it made'
);
select is(public.get_preferences(:'other', 'test') -> 'muted', 'false', 'to nobody else');

select * from finish();
rollback;
