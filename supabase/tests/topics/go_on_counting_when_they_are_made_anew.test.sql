begin;
select plan(5);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');
select public.publish_notification('test', 'k', 's', 'x', '{}', 'key');
select public.publish_notification('test', 'k', 's', 'y');
select public.set_preferences(:'user_id', 'test', true, 0) ->> 'version' as version \gset
delete from public.topics where name = 'test';
insert into public.topics (name, audience) values ('test', 'authenticated');

select is(
  (public.open_stream(:'user_id', '{test}') -> 'topics' -> 'test') - 'rule'::text,
  '{"version": 2, "newest": [], "preferences": {"muted": true, "min_interval_seconds": 0}}',
  'one of the same name shows nothing of the former, and goes on from its number'
);
select is(
  public.publish_notification('test', 'k', 's', 'x', '{}', 'key'), '{"success": true, "published": true, "id": 3}',
  'no number is given twice, and a key is not remembered'
);
select is(
  public.poll_events('{}', '{}', '{test}', '{1}') #> '{topics,0,notifications,0,id}', '3',
  'who was away sees a gap'
);
select is(
  public.get_preferences(:'user_id', 'test') -> 'muted', 'true', 'what a user wants of it stays: nothing moved the version'
);
select is(public.get_account(:'user_id') ->> 'version', :'version', 'of the account');

select * from finish();
rollback;
