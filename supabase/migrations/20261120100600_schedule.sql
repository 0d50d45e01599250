-- edge-credits, 7 of 7: the jobs that pg_cron runs.

-- Schedules, or schedules anew, the sweeper and the trimming of pg_cron's run history. To be called again at any time:
-- pg_cron may be there but not preloaded, or come later. Answers what it did, or why it could not.
create function private.schedule_jobs()
returns text
language plpgsql
set search_path = ''
as $schedule$
declare
  v_error text;
begin
  begin
    create extension if not exists pg_cron with schema pg_catalog;
    -- A batch a transaction, so that the locks of one are given back before the next; bounded, so that a run ends before
    -- the next one is due. statement_timeout cannot be set from inside: the clock is looked at instead.
    perform cron.schedule('refund-stuck-generations', '* * * * *', $command$
do $$
declare
  c_batch constant integer := 500;
  c_until constant timestamptz := clock_timestamp() + interval '50 seconds';
  v_answer jsonb;
begin
  loop
    v_answer := public.refund_stuck_generations(c_batch);
    commit;
    exit when (v_answer -> 'expired')::integer < c_batch or clock_timestamp() > c_until;
  end loop;
end;
$$
$command$);
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
  return 'scheduled: refund-stuck-generations, trim-cron-history';
end;
$schedule$;

comment on function private.schedule_jobs() is
  'Schedules the sweeper with pg_cron; can be run again. Answers what it did, or why it could not.';

revoke all on function private.schedule_jobs() from public, anon, authenticated, service_role;

select private.schedule_jobs();
