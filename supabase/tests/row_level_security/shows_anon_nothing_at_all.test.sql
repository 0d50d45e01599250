begin;
select plan(2);

create temporary table tried (name text, outcome text) on commit drop;
do $$
declare
  v_table regclass;
begin
  for v_table in
    select oid from pg_class
    where relkind = 'r' and relnamespace in ('public'::regnamespace, 'private'::regnamespace)
  loop
    begin
      set local role anon;
      execute format('select from %s', v_table);
      reset role;
      insert into tried values (v_table, 'done');
    exception
      when others then
        reset role;
        insert into tried values (v_table, sqlstate);
    end;
  end loop;
end;
$$;

select is(
  array(select distinct outcome from tried), array['42501'], 'no table of public or private can be read without a token'
);
select cmp_ok((select count(*) from tried), '>=', 15::bigint, 'and there are some');

select * from finish();
rollback;
