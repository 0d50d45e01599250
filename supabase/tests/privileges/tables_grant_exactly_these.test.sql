begin;
select plan(3);

select set_eq(
  $$select c.oid::regclass::text || ' ' || acl.grantee::regrole || ' ' || acl.privilege_type
  from pg_class c
  cross join aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) acl
  where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and acl.grantee <> c.relowner
    and not exists (
      select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e'
    )$$,
  array[
    'account_events authenticated SELECT', 'account_events service_role SELECT',
    'generation_jobs authenticated SELECT', 'generation_jobs service_role SELECT',
    'generation_results authenticated SELECT', 'generation_results service_role SELECT',
    'generation_types service_role SELECT',
    'topic_preferences authenticated SELECT', 'topic_preferences service_role SELECT',
    'topic_notifications authenticated SELECT', 'topic_notifications service_role SELECT',
    'profiles authenticated SELECT', 'profiles service_role SELECT',
    'topics authenticated SELECT', 'topics service_role SELECT'
  ],
  'select, and nothing else, to nobody else; a new table fails here until it is listed'
);
select is_empty(
  $$select a.attrelid::regclass, a.attname from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and a.attacl is not null$$,
  'no column is granted apart'
);
select is_empty(
  $$select c.oid::regclass from pg_class c, unnest(array['anon', 'authenticated', 'service_role']) role
  where c.relkind = 'S' and c.relnamespace = 'private'::regnamespace
    and has_sequence_privilege(role, c.oid, 'usage, select, update')$$,
  'and no sequence'
);

select * from finish();
rollback;
