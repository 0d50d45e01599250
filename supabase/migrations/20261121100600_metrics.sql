-- What a scrape is answered.

-- Everything that is counted. Gauges are of workers that told of themselves within a minute.
-- Answers {success, metrics: [{name, labels, value}]}.
create function public.get_metrics()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '30s'
as $$
declare
  v_now constant timestamptz := clock_timestamp();
begin
  return jsonb_build_object('success', true, 'metrics', (
    select coalesce(jsonb_agg(to_jsonb(m) order by m.name, m.labels), '[]')
    from (
      select name, labels, sum(value) as value
      from private.worker_metrics
      where not private.is_gauge(name) or updated_at > v_now - interval '1 minute'
      group by name, labels
      union all
      select 'edge_credits_generations_unsettled', jsonb_build_object('status', status), count(*)::float8
      from public.generation_jobs
      where finished_at is null
      group by status
      union all
      select 'edge_credits_sweeps', '{}', coalesce(max(id), 0)::float8 from private.sweep_runs
      union all
      select 'edge_credits_swept_generations', '{}', t.expired + coalesce(sum(r.expired), 0)::float8
      from private.sweep_totals t
      left join private.sweep_runs r on true
      group by t.expired
      union all
      select 'edge_credits_swept_credits', '{}', t.refunded + coalesce(sum(r.refunded), 0)::float8
      from private.sweep_totals t
      left join private.sweep_runs r on true
      group by t.refunded
      union all
      select 'edge_credits_last_sweep_timestamp_seconds', '{}', coalesce(extract(epoch from max(finished_at)), 0)::float8
      from private.sweep_runs
      union all
      select 'edge_credits_sweep_failures', '{}', count(*)::float8
      from private.sweep_failures f
      join public.generation_jobs j on j.id = f.generation_id
      where j.finished_at is null
      union all
      select 'edge_credits_notifications_stored', jsonb_build_object('topic', name), version::float8 from public.topics
    ) m
  ));
end;
$$;

comment on function public.get_metrics() is 'Everything that is counted, summed over the workers.';

revoke all on function public.get_metrics() from public, anon, authenticated;
grant execute on function public.get_metrics() to service_role;

-- As before. New: the sweeper's batches are one run, small, and with pauses; notifications and metrics are trimmed.
create or replace function private.schedule_jobs()
returns text
language plpgsql
set search_path = ''
as $schedule$
declare
  v_error text;
begin
  begin
    create extension if not exists pg_cron with schema pg_catalog;
    -- A batch a transaction, so that the locks of one are given back before the next, and after each a pause as long as it
    -- took, for everybody else; bounded, so that a run ends before the next one is due. statement_timeout cannot be set from
    -- inside: the clock is looked at instead.
    perform cron.schedule('refund-stuck-generations', '* * * * *', $command$
do $$
declare
  c_batch constant integer := 50;
  c_until constant timestamptz := clock_timestamp() + interval '50 seconds';
  v_began timestamptz;
  v_answer jsonb;
begin
  loop
    v_began := clock_timestamp();
    v_answer := public.refund_stuck_generations(c_batch, (v_answer -> 'run')::bigint);
    commit;
    exit when not (v_answer -> 'more')::boolean or clock_timestamp() > c_until;
    perform pg_sleep(extract(epoch from clock_timestamp() - v_began));
  end loop;
end;
$$
$command$);
    perform cron.schedule('trim-notifications', '* * * * *', $command$
do $$
declare
  c_batch constant integer := 5000;
  c_until constant timestamptz := clock_timestamp() + interval '50 seconds';
  v_trimmed integer;
begin
  loop
    v_trimmed := private.trim_notifications(c_batch);
    commit;
    exit when v_trimmed < c_batch or clock_timestamp() > c_until;
  end loop;
end;
$$
$command$);
    perform cron.schedule('compact-metrics', '*/10 * * * *', 'select private.compact_metrics()');
    -- cron.job_run_details is never trimmed by pg_cron itself.
    perform cron.schedule('trim-cron-history', '17 3 * * *', $command$
delete from cron.job_run_details where end_time < now() - interval '7 days'
$command$);
  exception
    when others then
      get stacked diagnostics v_error = message_text;
      raise notice 'edge-credits: the sweeper is not scheduled (%). Enable pg_cron, then select private.schedule_jobs()', v_error;
      return 'not scheduled: ' || v_error;
  end;
  return 'scheduled: refund-stuck-generations, trim-notifications, compact-metrics, trim-cron-history';
end;
$schedule$;

select private.schedule_jobs();
