begin;
select plan(3);

insert into public.topics (name, audience) values ('test', 'authenticated');

select public.publish_notification('test', 'order', 'order-1', 'placed');
savepoint the_apps_own_work;
select public.publish_notification('test', 'order', 'order-1', 'paid', '{}', 'key-1');
rollback to the_apps_own_work;

select is((select count(*) from public.topic_notifications where topic = 'test'), 1::bigint, 'it is gone');
select is(
  public.publish_notification('test', 'order', 'order-1', 'paid', '{}', 'key-1'),
  '{"success": true, "published": true, "id": 2}', 'its number and its key are free again'
);
select is((select version from public.topics where name = 'test'), 2::bigint, 'there is no gap');

select * from finish();
rollback;
