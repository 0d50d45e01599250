begin;
select plan(1);

create temporary view ours as
select p.*, n.nspname
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'private')
  and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e');

select is_empty(
  'select proname from ours group by proname having count(*) > 1',
  'one name, one function: PostgREST cannot choose, and no private name is a public one'
);

select * from finish();
rollback;
