begin;
select plan(3);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');
-- 10 of 30,000 bytes each, which no compression makes smaller in the answer.
select public.publish_notification('test', 'k', 's' || i, 'x', jsonb_build_object('text', repeat('x', 30000)))
from generate_series(1, 10) i;

select is(
  jsonb_path_query_array(public.poll_events('{}', '{}', '{test}', '{0}'), '$.topics[0].notifications[*].id'), '[1, 2, 3]',
  'as many as begin within 64 KiB'
);
select is(
  jsonb_path_query_array(public.poll_events('{}', '{}', '{test}', '{9}'), '$.topics[0].notifications[*].id'), '[10]',
  'and the rest after that'
);
select is(
  jsonb_path_query_array(public.open_stream(:'user_id', '{test}'), '$.topics.test.newest[*].id'), '[8, 9, 10]',
  'nor is a newcomer given more, the newest of all'
);

select * from finish();
rollback;
