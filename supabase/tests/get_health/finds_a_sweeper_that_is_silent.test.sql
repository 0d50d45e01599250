begin;
select plan(5);

select public.refund_stuck_generations(1000000);
create function pg_temp.silence()
returns jsonb
language sql
as $$
  select jsonb_path_query_first(public.get_health(), '$.checks[*] ? (@.name == "sweeper_silent")')
$$;

update private.sweep_runs
set started_at = started_at - interval '2 minutes 50 seconds', finished_at = finished_at - interval '2 minutes 50 seconds';
select is(pg_temp.silence() -> 'ok', 'true', 'two runs may be missed');
update private.sweep_runs
set started_at = started_at - interval '10 seconds', finished_at = finished_at - interval '10 seconds';
select is(
  pg_temp.silence(),
  '{"name": "sweeper_silent", "ok": false, "count": 1, "meaning": "1: the sweeper has not succeeded for 3 minutes"}',
  'after three minutes without a run it is said'
);
select is(public.get_health() -> 'healthy', 'false', 'and is not healthy, though nothing is overdue');
delete from private.sweep_runs;
select is(pg_temp.silence() -> 'ok', 'false', 'nor is one that has never run');
select public.refund_stuck_generations(1000000);
select is(pg_temp.silence() -> 'ok', 'true', 'a run heals it');

select * from finish();
rollback;
