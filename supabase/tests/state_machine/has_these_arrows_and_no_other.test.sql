begin;
select plan(1);

-- Every status met by everything that may come: where it then is, and what it cost in the end (of 3).
create temporary table arrow (of_status text, met_by text, leads_to text, cost integer) on commit drop;
insert into arrow values
  ('reserved', 'submit', 'processing', 3),
  ('reserved', 'complete', 'completed', 3),
  ('reserved', 'fail', 'failed', 0),
  ('reserved', 'release by its user', 'released', 0),
  ('reserved', 'release by an operator', 'released', 0),
  ('reserved', 'deadline', 'expired', 0),
  ('processing', 'submit', 'processing', 3),
  ('processing', 'complete', 'completed', 3),
  ('processing', 'fail', 'failed', 0),
  ('processing', 'release by its user', 'processing', 3),
  ('processing', 'release by an operator', 'released', 0),
  ('processing', 'deadline', 'expired', 0);
insert into arrow
select of_status, met_by, of_status, case of_status when 'completed' then 3 else 0 end
from unnest(array['completed', 'failed', 'released', 'expired']) of_status
cross join unnest(
  array['submit', 'complete', 'fail', 'release by its user', 'release by an operator', 'deadline']
) met_by;

create function pg_temp.meet(p_status text, p_met_by text)
returns text
language plpgsql
as $$
declare
  v_user_id constant uuid := tests.create_user(10);
  v_id constant uuid := tests.create_generation(v_user_id, p_status);
begin
  case p_met_by
    when 'submit' then perform public.submit_generation(v_user_id, 'test', null, v_id);
    when 'complete' then perform public.complete_generation(v_id, '{}');
    when 'fail' then perform public.fail_generation(v_id);
    when 'release by its user' then perform public.release_generation(v_user_id, v_id);
    when 'release by an operator' then perform public.release_generation(null, v_id, 'test');
    when 'deadline' then
      update public.generation_jobs set deadline_at = '2000-01-01' where id = v_id;
      perform public.refund_stuck_generations(1000000);
  end case;
  return tests.status(v_id) || ' at ' || 10 - tests.credits(v_user_id);
end;
$$;

select tests.create_type();

select results_eq(
  'select of_status, met_by, pg_temp.meet(of_status, met_by) from arrow order by of_status, met_by',
  'select of_status, met_by, leads_to || '' at '' || cost from arrow order by of_status, met_by',
  'every status answers everything that may come as the drawing says'
);

select * from finish();
rollback;
