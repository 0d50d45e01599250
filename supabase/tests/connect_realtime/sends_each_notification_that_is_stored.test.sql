begin;
select plan(2);

insert into public.topics (name, audience) values ('test', 'authenticated');

select public.publish_notification('test', 'order', 'order-1', 'placed', '{"items": 3}');
select public.publish_notification('test', 'order', 'order-1', 'placed', '{"items": 3}'); -- a duplicate

select results_eq(
  $$select event, private, payload - 'created_at' from realtime.messages where topic = 'topic:test'$$,
  $$values (
    'notification', true,
    '{"topic": "test", "id": 1, "kind": "order", "subject": "order-1", "status": "placed", "payload": {"items": 3}}'::jsonb
  )$$,
  'as it was published, with its own number'
);
select is(
  (select (payload ->> 'created_at')::timestamptz from realtime.messages where topic = 'topic:test'),
  (select created_at from public.topic_notifications where topic = 'test'), 'and its time'
);

select * from finish();
rollback;
