begin;
select plan(4);

create temporary view ours as
select p.*, n.nspname
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'private')
  and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e');

select is_empty(
  $$select oid::regprocedure from ours where not coalesce(proconfig, '{}') @> array['search_path=""']$$,
  'every function has search_path = '''': nobody puts a table of the same name in its way'
);
select is_empty(
  $$select oid::regprocedure from ours where nspname = 'public' and not prosecdef$$,
  'every public one is security definer: its caller needs no right on a table'
);
select is_empty(
  $$select oid::regprocedure from ours where prosecdef and nspname = 'private' and prorettype <> 'trigger'::regtype$$,
  'no private one is, but triggers'
);
select is_empty(
  $$select oid::regprocedure from ours where prolang <> (select oid from pg_language where lanname = 'plpgsql')$$,
  'every one is plpgsql'
);

select * from finish();
rollback;
