begin;
select plan(4);

create temporary view ours as
select p.*, n.nspname
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'private')
  and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e');

select isnt_empty('select from ours', 'there are functions');
select is_empty(
  $$select role, ours.oid::regprocedure from ours, unnest(array['anon', 'authenticated']) role
  where has_function_privilege(role, ours.oid, 'execute')$$,
  'anon and authenticated execute none'
);
select is_empty(
  $$select oid::regprocedure from ours
  where exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee = 0)$$,
  'PUBLIC executes none: what a role that comes later may do is said by name'
);
select is_empty(
  $$select oid::regprocedure, acl.grantee::regrole from ours, aclexplode(proacl) acl
  where acl.grantee not in (proowner, 'service_role'::regrole)$$,
  'nor does any other role'
);

select * from finish();
rollback;
