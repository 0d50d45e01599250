begin;
select plan(4);

insert into public.topics (name, audience) values ('one', 'authenticated'), ('two', 'authenticated');

select public.publish_notification('one', 'order', 'order-1', 'placed');
select is(
  public.publish_notification('one', 'order', 'order-2', 'placed') -> 'published', 'true',
  'another subject with the same status is no duplicate'
);
select public.publish_notification('one', 'order', 'order-2', 'paid');
select is(
  public.publish_notification('one', 'order', 'order-1', 'placed'), '{"success": true, "published": false, "id": 1}',
  'and what happens to it does not end the first one''s window'
);
select is(
  public.publish_notification('two', 'order', 'order-1', 'placed') -> 'published', 'true', 'nor is another topic'
);
select is((select count(*) from public.topic_notifications where topic = 'one'), 3::bigint, 'three are stored');

select * from finish();
rollback;
