begin;
select plan(3);

select is(
  public.publish_notification('no-such-topic', 'order', 'order-1', 'placed') ->> 'error', 'UNKNOWN_TOPIC', 'by name'
);
select is(public.publish_notification(null, 'order', 'order-1', 'placed') ->> 'error', 'UNKNOWN_TOPIC', 'or none at all');
select is_empty($$select from public.topic_notifications where topic = 'no-such-topic'$$, 'nothing is stored');

select * from finish();
rollback;
