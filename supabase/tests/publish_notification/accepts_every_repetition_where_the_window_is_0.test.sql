begin;
select plan(1);

insert into public.topics (name, audience, dedup_seconds) values ('test', 'authenticated', 0);

select public.publish_notification('test', 'tick', 'clock', 'tick') from generate_series(1, 3);
select is((select count(*) from public.topic_notifications where topic = 'test'), 3::bigint, 'three of three are stored');

select * from finish();
rollback;
