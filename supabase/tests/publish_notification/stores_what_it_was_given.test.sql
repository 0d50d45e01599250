begin;
select plan(3);

insert into public.topics (name, audience) values ('test', 'authenticated');

select public.publish_notification('test', 'order', 'order-1', 'placed', '{"items": 3}');
select public.publish_notification('test', 'order', 'order-1', 'paid');
select public.publish_notification('test', 'order', 'order-1', 'sent', null);

select results_eq(
  $$select id, kind, subject, status, payload from public.topic_notifications where topic = 'test' order by id$$,
  $$values
    (1::bigint, 'order', 'order-1', 'placed', '{"items": 3}'::jsonb), (2, 'order', 'order-1', 'paid', '{}'),
    (3, 'order', 'order-1', 'sent', '{}')$$,
  'every field; nothing is an empty payload'
);
select ok(
  bool_and(created_at between now() and clock_timestamp()), 'with the time at which it was accepted'
) from public.topic_notifications where topic = 'test';
select ok(
  (select created_at from public.topic_notifications where topic = 'test' and id = 1)
    < (select created_at from public.topic_notifications where topic = 'test' and id = 3),
  'not with that of the transaction'
);

select * from finish();
rollback;
