begin;
select plan(4);

insert into public.topics (name, audience) values ('test', 'authenticated');

select public.publish_notification('test', 'order', 'order-1', 'placed', '{"n": 1}', 'key-1') as first \gset
select public.publish_notification('test', 'order', 'order-1', 'placed', '{"n": 1}', 'key-2') as duplicate \gset
select public.publish_notification('test', 'order', 'order-1', 'paid');

select is(
  public.publish_notification('test', 'order', 'order-1', 'placed', '{"n": 1}', 'key-1'),
  :'first'::jsonb || '{"replayed": true}', 'what was published, although it would be news by now'
);
select is(
  public.publish_notification('test', 'order', 'order-1', 'placed', '{"n": 1}', 'key-2'),
  :'duplicate'::jsonb || '{"replayed": true}', 'what was a duplicate'
);
select is(:'first'::jsonb, '{"success": true, "published": true, "id": 1}', 'an answer names no account');
select is((select count(*) from public.topic_notifications where topic = 'test'), 2::bigint, 'a replay publishes nothing');

select * from finish();
rollback;
