-- Takes edge-credits out of a database, and keeps what belongs to the app and its users: docs/deploy.md#remove
--
--   profiles, generation_jobs   stay, with every row and column; users go on reading their own rows. From now on nothing
--                               guards a balance: grant your own code what it needs.
--   everything else             goes to the schema edge_credits_archive, which nobody but its owner may use.
--
-- One statement, so that it happens as a whole or not at all. It refuses while credits are held.
do $remove$
declare
  v record;
begin
  -- Nobody is charged between the question and the end.
  lock table public.profiles, public.generation_jobs in access exclusive mode;
  if exists (select from public.generation_jobs where finished_at is null) then
    raise exception 'There are unsettled generations, which hold credits'
      using hint = 'Stop the edge functions, and wait, or release them with release_generation(user_id, generation_id).';
  end if;

  if to_regclass('cron.job') is not null then
    perform cron.unschedule(jobid) from cron.job
    where jobname in ('compact-metrics', 'refund-stuck-generations', 'trim-cron-history', 'trim-notifications');
  end if;

  -- With what depends on them, triggers on auth.users among it.
  for v in
    select p.oid::regprocedure as signature
    from pg_proc p
    where p.pronamespace = 'private'::regnamespace and p.proname in (
        'append_event', 'begin_view', 'broadcast', 'broadcast_event', 'broadcast_notification', 'charge_generation',
        'close_account', 'compact_metrics', 'connect_realtime', 'expire_batch', 'expire_generation', 'expire_generations',
        'follow_auth_user', 'follow_realtime_setting', 'guard_direct_write', 'is_gauge', 'keep_topic_numbers',
        'lock_due_generations', 'page', 'prepare_profile', 'profile_not_found', 'refusal', 'refuse_change', 'remember',
        'replay', 'schedule_jobs', 'settle_generation', 'success', 'trim_notifications', 'view_is_done',
        'write_opening_event', 'wrong_state'
      )
      or p.pronamespace = 'public'::regnamespace and p.proname in (
        'complete_generation', 'deduct_credit_atomic', 'expire_overdue_generations', 'extend_lease', 'fail_generation',
        'get_account', 'get_account_history', 'get_generation', 'get_generation_types', 'get_generations', 'get_health',
        'get_metrics', 'get_preferences', 'grant_credits', 'hand_over_generation', 'open_account', 'open_stream',
        'poll_events', 'publish_notification', 'record_change', 'record_metrics', 'refund_credit_atomic',
        'refund_stuck_generations', 'release_generation', 'reserve_generation', 'rotate_epoch', 'set_preferences',
        'submit_generation'
      )
  loop
    execute format('drop function %s cascade', v.signature);
  end loop;

  -- Our indexes and checks of generations; the check that a balance is not negative stays.
  for v in
    select i.indexrelid::regclass as name
    from pg_index i
    where i.indrelid = 'public.generation_jobs'::regclass
      and i.indexrelid::regclass::text in (
        'generation_jobs_of_user', 'generation_jobs_unsettled', 'generation_jobs_reserved', 'generation_jobs_due'
      )
  loop
    execute format('drop index %s', v.name);
  end loop;
  for v in
    select conname from pg_constraint
    where conrelid = 'public.generation_jobs'::regclass and contype = 'c'
  loop
    execute format('alter table public.generation_jobs drop constraint %I', v.conname);
  end loop;

  for v in
    select polname, polrelid::regclass as table_name
    from pg_policy
    where polrelid in ('public.profiles'::regclass, 'public.generation_jobs'::regclass) and polname like 'edge-credits: %'
  loop
    execute format(
      'alter policy %I on %s rename to %I', v.polname, v.table_name, replace(v.polname, 'edge-credits: ', '')
    );
  end loop;

  if to_regclass('realtime.messages') is not null then
    for v in
      select polname from pg_policy
      where polrelid = to_regclass('realtime.messages') and polname like 'edge-credits: %'
    loop
      execute format('drop policy %I on realtime.messages', v.polname);
    end loop;
  end if;

  create schema edge_credits_archive;
  for v in
    select c.oid::regclass as name
    from pg_class c
    where c.relkind = 'r' and (
      c.relnamespace = 'private'::regnamespace
        and c.relname in (
          'adoption_findings', 'former_topics', 'idempotency_keys', 'settings', 'sweep_failures', 'sweep_runs',
          'sweep_totals', 'worker_metrics'
        )
      or c.relnamespace = 'public'::regnamespace
        and c.relname in (
          'account_events', 'generation_results', 'generation_types', 'topic_notifications', 'topic_preferences', 'topics'
        )
    )
  loop
    execute format('alter table %s set schema edge_credits_archive', v.name);
  end loop;
  begin
    drop schema private;
  exception
    when dependent_objects_still_exist then
      raise notice 'The schema private stays: it has objects that are not of edge-credits';
  end;

  -- Words say the same as our types, which go.
  alter table public.generation_jobs alter column status type text;
  alter table edge_credits_archive.account_events drop constraint if exists event_names_its_generation;
  alter table edge_credits_archive.account_events alter column type type text;
  drop type public.generation_status;
  drop type public.account_event_type;
end;
$remove$;
