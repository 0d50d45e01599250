begin;
select plan(7);

insert into public.topics (name, audience) values ('test', 'authenticated');

select is(
  public.publish_notification('test', kind, subject, status) ->> 'error', 'INVALID_REQUEST',
  format('%L, %L, %L', kind, subject, status)
)
from (
  values (null, 's', 'x'), ('', 's', 'x'), ('k', null, 'x'), ('k', '', 'x'), ('k', 's', null), ('k', 's', '')
) f (kind, subject, status);
select is((select version from public.topics where name = 'test'), 0::bigint, 'nothing is published');

select * from finish();
rollback;
