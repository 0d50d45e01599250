begin;
select plan(1);

select is_empty(
  $$select p.oid::regprocedure from pg_proc p
  where p.pronamespace = 'public'::regnamespace and p.provolatile = 'v'
    and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
    and not coalesce(p.proconfig, '{}') @> array['lock_timeout=500ms']$$,
  'every one that writes waits half a second for a lock, and no longer'
);

select * from finish();
rollback;
