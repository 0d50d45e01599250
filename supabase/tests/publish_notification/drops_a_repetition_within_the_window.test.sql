begin;
select plan(3);

insert into public.topics (name, audience) values ('test', 'authenticated');

select public.publish_notification('test', 'order', 'order-0', 'placed');
select public.publish_notification('test', 'order', 'order-1', 'placed');

select is(
  public.publish_notification('test', 'order', 'order-1', 'placed'), '{"success": true, "published": false, "id": 2}',
  'the same status once more is answered with the one that it repeats'
);
select is(
  public.publish_notification('test', 'shipment', 'order-1', 'placed', '{"other": true}') -> 'published', 'false',
  'kind and payload are not asked'
);
select is((select count(*) from public.topic_notifications where topic = 'test'), 2::bigint, 'nothing is stored');

select * from finish();
rollback;
