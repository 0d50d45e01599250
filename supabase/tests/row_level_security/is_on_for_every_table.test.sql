begin;
select plan(1);

select is_empty(
  $$select c.oid::regclass from pg_class c
  where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and not c.relrowsecurity
    and not exists (
      select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e'
    )$$,
  'of public and private'
);

select * from finish();
rollback;
