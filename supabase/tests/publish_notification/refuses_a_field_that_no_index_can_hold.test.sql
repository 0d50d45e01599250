begin;
select plan(4);

insert into public.topics (name, audience) values ('test', 'authenticated');

-- Random, so that no compression makes it fit.
select string_agg(gen_random_uuid()::text, '') as long from generate_series(1, 300) \gset

select is(
  public.publish_notification('test', :'long', 's', 'x') ->> 'error', 'INVALID_REQUEST', 'a kind of 10,800 characters'
);
select is(
  public.publish_notification('test', 'k', :'long', 'x') ->> 'error', 'INVALID_REQUEST',
  'a subject: the caller''s transaction goes on'
);
select is(public.publish_notification('test', 'k', 's', :'long') ->> 'error', 'INVALID_REQUEST', 'a status');
select is((select version from public.topics where name = 'test'), 0::bigint, 'nothing is published');

select * from finish();
rollback;
