begin;
select plan(2);

insert into public.topics (name, audience) values ('test', 'authenticated');

select public.publish_notification('test', 'k', 's', 'x');
update public.topic_notifications set created_at = '2000-01-01' where topic = 'test';
select private.trim_notifications();

select is((select version from public.topics where name = 'test'), 1::bigint, 'the topic knows its newest still');
select is(public.publish_notification('test', 'k', 's', 'x') -> 'id', '2', 'the next number follows');

select * from finish();
rollback;
