begin;
select plan(13);

select lives_ok(
  format('insert into public.topics (name, audience, owner_id, role) values (%L, %L, %L, %L)', name, audience, owner_id, role),
  name
)
from (
  values ('authenticated', 'authenticated', null, null), ('owner', 'owner', gen_random_uuid(), null),
    ('role', 'role', null, 'kitchen')
) t (name, audience, owner_id, role);
select throws_ok(
  format('insert into public.topics (name, audience, owner_id, role) values (%L, %L, %L, %L)', name, audience, owner_id, role),
  '23514', null, name
)
from (
  values ('everybody', 'public', null, null), ('authenticated with an owner', 'authenticated', gen_random_uuid(), null),
    ('authenticated with a role', 'authenticated', null, 'kitchen'), ('an owner who is nobody', 'owner', null, null),
    ('an owner with a role', 'owner', gen_random_uuid(), 'kitchen'), ('no role', 'role', null, null)
) t (name, audience, owner_id, role);
select throws_ok(
  format('insert into public.topics (name, audience, dedup_seconds, retention_days) values (%L, %L, %s, %s)',
    name, 'authenticated', dedup_seconds, retention_days),
  '23514', null, name
)
from (
  values ('a window before now', -1, 30), ('a window of more than an hour', 3601, 30), ('no retention', 2, 0),
    ('a retention for ever', 2, 3651)
) t (name, dedup_seconds, retention_days);

select * from finish();
rollback;
