begin;
select plan(3);

insert into public.topics (name, audience, dedup_seconds) values ('test', 'authenticated', 10);

select public.publish_notification('test', 'order', 'order-1', 'placed');
update public.topic_notifications set created_at = created_at - interval '9 seconds' where topic = 'test';
select is(
  public.publish_notification('test', 'order', 'order-1', 'placed') -> 'published', 'false', 'a duplicate after 9 seconds'
);
update public.topic_notifications set created_at = created_at - interval '2 seconds' where topic = 'test';
select is(
  public.publish_notification('test', 'order', 'order-1', 'placed'), '{"success": true, "published": true, "id": 2}',
  'does not make the window longer: after 11 seconds it is news'
);
select is(
  public.publish_notification('test', 'order', 'order-1', 'placed'), '{"success": true, "published": false, "id": 2}',
  'from which the next window counts'
);

select * from finish();
rollback;
