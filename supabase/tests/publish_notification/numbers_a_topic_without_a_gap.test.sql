begin;
select plan(3);

insert into public.topics (name, audience) values ('one', 'authenticated'), ('two', 'authenticated');

select public.publish_notification('one', 'order', 'order-1', 'placed');
select public.publish_notification('two', 'order', 'order-1', 'placed');
select public.publish_notification('one', 'order', 'order-1', 'placed'); -- a duplicate
select public.publish_notification('one', 'order', '', 'placed'); -- refused
select is(
  public.publish_notification('one', 'order', 'order-2', 'placed'), '{"success": true, "published": true, "id": 2}',
  'neither a duplicate nor a refusal takes a number'
);
select results_eq(
  $$select topic, id from public.topic_notifications where topic in ('one', 'two') order by topic, id$$,
  $$values ('one', 1::bigint), ('one', 2), ('two', 1)$$,
  'each topic has numbers of its own'
);
select results_eq(
  $$select name, version from public.topics where name in ('one', 'two') order by name$$,
  $$values ('one', 2::bigint), ('two', 1)$$,
  'a topic knows its newest'
);

select * from finish();
rollback;
