begin;
select plan(3);

insert into public.topics (name, audience) values ('test', 'authenticated');

select is(octet_length(to_jsonb(repeat('x', 32766))::text), 32768, 'a payload of 32 KiB');
select is(
  public.publish_notification('test', 'k', 's', 'a', to_jsonb(repeat('x', 32766))) -> 'published', 'true', 'is accepted'
);
select is(
  public.publish_notification('test', 'k', 's', 'b', to_jsonb(repeat('x', 32767))) ->> 'error', 'INVALID_REQUEST',
  'one byte more is not'
);

select * from finish();
rollback;
