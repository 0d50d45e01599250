begin;
select plan(2);

-- Every write to every table by every role that a request can have, tried for real.
create temporary table tried (role text, statement text, outcome text) on commit drop;
do $$
declare
  v record;
begin
  for v in
    select role, statement
    from unnest(array['anon', 'authenticated', 'service_role']) role
    cross join (
      select format(form, c.oid::regclass) as statement
      from pg_class c
      cross join unnest(array[
        'insert into %s default values', 'delete from %s', 'truncate %s cascade'
      ]) form
      where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
      union all
      select format('update %s set %I = null', a.attrelid::regclass, a.attname)
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attidentity = ''
      where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    ) s
  loop
    begin
      perform set_config('role', v.role, true);
      execute v.statement;
      perform set_config('role', 'none', true);
      insert into tried values (v.role, v.statement, 'done');
    exception
      when others then
        perform set_config('role', 'none', true);
        insert into tried values (v.role, v.statement, sqlstate);
    end;
  end loop;
end;
$$;

select cmp_ok((select count(*) from tried), '>', 200::bigint, 'every table, every column, every role');
select is_empty(
  $$select * from tried where outcome <> '42501'$$, 'insert, update, delete and truncate are refused with 42501'
);

select * from finish();
rollback;
