begin;
select plan(5);

insert into public.topics (name, audience) values ('one', 'authenticated'), ('two', 'authenticated');

select public.publish_notification('one', 'order', 'order-1', 'placed', '{}', 'key-1');
select is(
  public.publish_notification('one', 'order', 'order-1', 'paid', '{}', 'key-1') ->> 'error', 'IDEMPOTENCY_KEY_REUSED',
  'another status'
);
select is(
  public.publish_notification('one', 'order', 'order-1', 'placed', '{"n": 1}', 'key-1') ->> 'error',
  'IDEMPOTENCY_KEY_REUSED', 'another payload'
);
select is(
  public.publish_notification('two', 'order', 'order-1', 'placed', '{}', 'key-1') -> 'published', 'true',
  'keys are the topic''s own'
);
select is(
  public.publish_notification('one', 'order', 'order-1', 'sent', '{}', 'no good') ->> 'error', 'IDEMPOTENCY_KEY_INVALID',
  'a key that is not well formed'
);
select is((select version from public.topics where name = 'one'), 1::bigint, 'nothing more is published');

select * from finish();
rollback;
