begin;
select plan(1);

select set_eq(
  $$select concat_ws(' ', p.oid::regprocedure, (select setting from unnest(p.proconfig) setting where setting like 'lock_timeout=%'))
  from pg_proc p
  where p.pronamespace = 'public'::regnamespace and p.provolatile = 'v'
    and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
    and not coalesce(p.proconfig, '{}') @> array['lock_timeout=500ms']$$,
  array['publish_notification(text,text,text,text,jsonb,text) lock_timeout=5s'],
  'every one that writes waits half a second for a lock, and no longer; but a publisher, who queues up with the others'
);

select * from finish();
rollback;
