begin;
select plan(2);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');
select public.publish_notification('test', 'k', 's', 'x');
select public.set_preferences(:'user_id', 'test', true, 0);
delete from public.topics where name = 'test';
insert into public.topics (name, audience) values ('test', 'authenticated');

select is(
  (public.open_stream(:'user_id', '{test}') -> 'topics' -> 'test') - 'rule'::text,
  '{"version": 0, "newest": [], "preferences": {"muted": false, "min_interval_seconds": 0}}',
  'one of the same name shows nothing of the former'
);
select is(public.publish_notification('test', 'k', 's', 'x') -> 'id', '1', 'and begins with 1');

select * from finish();
rollback;
