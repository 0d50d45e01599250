begin;
select plan(1);

create function pg_temp.answers(p_status text)
returns text[]
language plpgsql
as $$
declare
  v_user_id constant uuid := tests.create_user(10);
  v_id constant uuid := tests.create_generation(v_user_id, p_status);
begin
  return array(
    select distinct (answer ->> 'error') || ' ' || (answer ->> 'state')
    from unnest(array[
      public.submit_generation(v_user_id, 'test', null, v_id),
      public.complete_generation(v_id),
      public.fail_generation(v_id),
      public.release_generation(v_user_id, v_id),
      public.release_generation(null, v_id, 'test')
    ]) answer
  );
end;
$$;

select tests.create_type();

select results_eq(
  $$select pg_temp.answers(status)
  from unnest(array['completed', 'failed', 'released', 'expired']) with ordinality s (status, n)
  order by n$$,
  $$values
    (array['GENERATION_ALREADY_SETTLED completed']),
    (array['GENERATION_ALREADY_SETTLED failed']),
    (array['GENERATION_ALREADY_SETTLED released']),
    (array['GENERATION_ALREADY_SETTLED expired'])$$,
  'GENERATION_ALREADY_SETTLED, with the state that it is in'
);

select * from finish();
rollback;
