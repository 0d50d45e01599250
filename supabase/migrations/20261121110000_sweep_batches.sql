-- The sweeper expires the generations of a batch by one update, and then writes the refund and the event of each. It works for
-- less time, and its pauses are longer: users notice less of it.

-- Expires what of p_ids was due by p_due_before and is unsettled still: this is the arrow to expired, of one or of many.
-- Always refunds: our fault. The caller holds the locks of the profiles. Answers how many, and the credits that came back.
-- Raises, and has then done nothing, where a trigger of the app's did not let one of them.
create function private.expire_batch(
  p_ids uuid[],
  p_due_before timestamptz,
  p_actor text,
  out expired integer,
  out refunded bigint
)
language plpgsql
set search_path = ''
as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_job record;
begin
  expired := 0;
  refunded := 0;
  -- The update is done as a whole before the first row comes out.
  for v_job in
    update public.generation_jobs
    set
      status = 'expired',
      refunded = cost,
      refunded_at = case when cost > 0 then v_now end,
      error = case
        when status = 'reserved' then 'reservation_expired'
        when deadline_at < p_due_before then 'deadline_passed'
        else 'lease_lapsed'
      end,
      finished_at = v_now,
      lease_token = null,
      lease_expires_at = null
    where id = any (p_ids)
      and status <= 'processing'
      and least(deadline_at, lease_expires_at) < p_due_before
    returning id, user_id, status, cost, error
  loop
    if v_job.status <> 'expired' then
      raise exception 'It was not expired: a trigger kept it as it is';
    end if;
    perform private.append_event(
      v_job.user_id, 'generation.expired', v_job.cost, v_job.error, p_actor, v_job.id, v_now
    );
    expired := expired + 1;
    refunded := refunded + v_job.cost;
  end loop;
  if expired < cardinality(p_ids) and exists (
    select from public.generation_jobs
    where id = any (p_ids) and finished_at is null and least(deadline_at, lease_expires_at) < p_due_before
  ) then
    raise exception 'It was not expired: a trigger kept it as it is';
  end if;
  -- What the app deferred to the commit would fail there, and take the whole batch with it.
  set constraints all immediate;
end;
$$;

-- As before, by expire_batch.
create or replace function private.expire_generations(
  p_ids uuid[],
  p_due_before timestamptz,
  p_actor text,
  out expired integer,
  out refunded bigint,
  out failed integer
)
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
  v_done record;
  v_error text;
begin
  expired := 0;
  refunded := 0;
  failed := 0;
  foreach v_id in array coalesce(p_ids, '{}') loop
    begin
      select * into v_done from private.expire_batch(array[v_id], p_due_before, p_actor);
      expired := expired + v_done.expired;
      refunded := refunded + v_done.refunded;
    exception
      when assert_failure or others then
        get stacked diagnostics v_error = message_text;
        failed := failed + 1;
        insert into private.sweep_failures as f (generation_id, first_failed_at, last_failed_at, retry_at, error)
        values (
          v_id, clock_timestamp(), clock_timestamp(), clock_timestamp() + interval '1 minute',
          format('%s: %s', sqlstate, v_error)
        )
        on conflict (generation_id) do update
        set
          attempts = f.attempts + 1,
          last_failed_at = excluded.last_failed_at,
          retry_at = excluded.last_failed_at + least(interval '1 minute' * 2 ^ least(f.attempts, 10), interval '1 hour'),
          error = excluded.error;
        raise warning 'edge-credits: Failed to refund generation %: %', v_id, v_error;
    end;
  end loop;
end;
$$;

-- As before, by expire_batch.
create or replace function public.refund_stuck_generations(p_limit integer default 500, p_run bigint default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '60s'
as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_ids uuid[];
  v_done record;
  v_run bigint := p_run;
begin
  if p_limit is null or p_limit < 1 then
    return private.refusal('INVALID_REQUEST', 'A batch is 1 generation or more');
  end if;
  -- All in one block, with its locks. A block for each would be a subtransaction for each, which besides makes two multixacts
  -- a row of what was locked outside of it: users would feel that.
  begin
    v_ids := private.lock_due_generations(v_now, p_limit);
    select *, 0 as failed into v_done from private.expire_batch(v_ids, v_now, 'sweeper');
  exception
    -- One fails. The rollback has given the locks back, too: all over again, and each by itself, which notes the one.
    when assert_failure or others then
      v_ids := private.lock_due_generations(v_now, p_limit);
      select * into v_done from private.expire_generations(v_ids, v_now, 'sweeper');
  end;

  update private.sweep_runs
  set
    finished_at = clock_timestamp(),
    batches = batches + 1,
    expired = expired + v_done.expired,
    refunded = refunded + v_done.refunded,
    failed = failed + v_done.failed
  where id = p_run;
  if not found then
    insert into private.sweep_runs (started_at, finished_at, batches, expired, refunded, failed)
    values (v_now, clock_timestamp(), 1, v_done.expired, v_done.refunded, v_done.failed)
    returning id into v_run;
    -- One sweeper at a time tidies up; another does not wait for it.
    perform from private.sweep_totals for no key update skip locked;
    if found then
      with gone as (
        delete from private.sweep_runs where finished_at < v_now - interval '7 days' returning expired, refunded
      )
      update private.sweep_totals t
      set expired = t.expired + g.expired, refunded = t.refunded + g.refunded
      from (select coalesce(sum(expired), 0) as expired, coalesce(sum(refunded), 0) as refunded from gone) g
      where g.expired > 0 or g.refunded > 0;
      -- Settled since, by whomever. One by one: a join would read all generations.
      delete from private.sweep_failures f
      where (select j.finished_at is not null from public.generation_jobs j where j.id = f.generation_id);
    end if;
  end if;
  return jsonb_build_object(
    'success', true, 'run', v_run, 'expired', v_done.expired, 'refunded', v_done.refunded, 'failed', v_done.failed,
    'more', cardinality(v_ids) >= p_limit
  );
end;
$$;

-- As before, for a record: a default of the row type of profiles would keep an app from adding a column with a default to its
-- own table.
drop function private.refusal(text, text, public.profiles, jsonb);
create function private.refusal(
  p_error text,
  p_message text,
  p_profile record default null,
  p_fields jsonb default '{}'
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  -- Not the record's own fields: where there is no record, it has none.
  v_profile constant jsonb := to_jsonb(p_profile);
begin
  return jsonb_build_object('success', false, 'error', p_error, 'message', p_message)
    || case
      when v_profile ->> 'id' is null then '{}'
      else jsonb_build_object(
        'credits', v_profile -> 'credits',
        'version', v_profile -> 'version',
        'epoch', (select epoch from private.settings)
      )
    end
    || p_fields;
end;
$$;

drop function private.expire_generation(uuid, timestamptz, text);

-- As before, without what only expiries needed of it.
drop function private.settle_generation(
  uuid, public.generation_status, public.generation_status, integer, text, text, uuid, boolean, timestamptz
);
create function private.settle_generation(
  p_generation_id uuid,
  p_up_to public.generation_status,
  p_to public.generation_status,
  p_refund integer,
  p_reason text,
  p_actor text,
  p_lease_token uuid default null,
  p_any_lease boolean default false
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_job public.generation_jobs;
  v_profile public.profiles;
begin
  update public.generation_jobs
  set
    status = p_to,
    refunded = p_refund,
    refunded_at = case when p_refund > 0 then v_now end,
    error = case when p_to = 'failed' then p_reason end,
    finished_at = v_now,
    lease_token = null,
    lease_expires_at = null
  where id = p_generation_id
    and status <= p_up_to
    and (p_any_lease or lease_token is not distinct from p_lease_token)
  returning * into v_job;
  if not found then
    return null;
  end if;

  v_profile := private.append_event(
    v_job.user_id, ('generation.' || p_to)::public.account_event_type, p_refund, p_reason, p_actor, p_generation_id, v_now
  );
  return private.success(
    v_profile,
    jsonb_build_object(
      'user_id', v_job.user_id, 'generation_id', v_job.id, 'status', v_job.status, 'cost', v_job.cost,
      'refunded', v_job.refunded
    )
  );
end;
$$;

-- As before. New: the sweeper's batches are smaller, and its pauses longer.
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
    -- A batch a transaction, so that the locks of one are given back before the next, and after each a pause, twice as long
    -- as it took, a second at most, for everybody else; bounded, so that a run ends before the next one is due.
    -- statement_timeout cannot be set from inside: the clock is looked at instead.
    perform cron.schedule('refund-stuck-generations', '* * * * *', $command$
do $$
declare
  c_batch constant integer := 25;
  c_until constant timestamptz := clock_timestamp() + interval '50 seconds';
  v_began timestamptz;
  v_answer jsonb;
begin
  loop
    v_began := clock_timestamp();
    v_answer := public.refund_stuck_generations(c_batch, (v_answer -> 'run')::bigint);
    commit;
    exit when not (v_answer -> 'more')::boolean or clock_timestamp() > c_until;
    perform pg_sleep(least(2 * extract(epoch from clock_timestamp() - v_began), 1));
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

revoke all on function private.refusal(text, text, record, jsonb) from public, anon, authenticated, service_role;
revoke all on function private.expire_batch(uuid[], timestamptz, text) from public, anon, authenticated, service_role;
revoke all on function private.settle_generation(
  uuid, public.generation_status, public.generation_status, integer, text, text, uuid, boolean
) from public, anon, authenticated, service_role;

select private.schedule_jobs();
