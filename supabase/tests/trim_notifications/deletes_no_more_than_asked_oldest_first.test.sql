begin;
select plan(3);

insert into public.topics (name, audience) values ('test', 'authenticated');

select public.publish_notification('test', 'k', 's' || i, 'x') from generate_series(1, 5) i;
update public.topic_notifications set created_at = now() - interval '31 days' + id * interval '1 second' where topic = 'test';

select is(private.trim_notifications(2), 2, 'two of five');
select is((select min(id) from public.topic_notifications where topic = 'test'), 3::bigint, 'the oldest');
select is(private.trim_notifications(2) + private.trim_notifications(2), 3, 'the rest by the next runs');

select * from finish();
rollback;
