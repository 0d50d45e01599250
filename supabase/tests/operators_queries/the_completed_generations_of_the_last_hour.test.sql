begin;
select plan(1);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed') as generation_id \gset
select tests.create_generation(:'user_id', 'failed');
select tests.create_generation(:'user_id', 'completed') as older \gset
update public.generation_jobs set created_at = created_at - interval '2 hours' where id = :'older';
-- NOW() is the beginning of this transaction, and what was made in it is later: no matter to the query.
prepare the_query as
SELECT gj.id, gj.user_id, gj.created_at, p.credits
FROM generation_jobs gj JOIN profiles p ON gj.user_id = p.id
WHERE gj.created_at > NOW() - INTERVAL '1 hour' AND gj.status = 'completed';
create function pg_temp.rows_of_the_user(p_user_id uuid)
returns setof text
language plpgsql
as $$
declare
  v record;
begin
  for v in execute 'execute the_query' loop
    if v.user_id = p_user_id then
      return next v.id || ' ' || v.credits;
    end if;
  end loop;
end;
$$;

select results_eq(
  format('select pg_temp.rows_of_the_user(%L)', :'user_id'), array[:'generation_id' || ' 4'],
  'works as it is written'
);

select * from finish();
rollback;
