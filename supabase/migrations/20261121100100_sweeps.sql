-- The sweeper keeps a row of each run, and one of each generation that it could not refund; a read expires what is its own.

create table private.sweep_runs (
  id bigint generated always as identity,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  batches integer not null,
  expired integer not null,
  refunded bigint not null,
  failed integer not null,
  constraint sweep_runs_pkey primary key (id),
  constraint finished_after_it_started check (finished_at >= started_at)
);

comment on table private.sweep_runs is
  'One row per run of the sweeper: when, how much, how long. Kept for 7 days. No new one for 3 minutes is unhealthy.';
comment on column private.sweep_runs.finished_at is 'When its last batch was done. A batch that is cut off leaves no trace here.';
comment on column private.sweep_runs.expired is 'Generations that it expired.';
comment on column private.sweep_runs.refunded is 'Credits that came back.';
comment on column private.sweep_runs.failed is 'Generations that it could not expire: private.sweep_failures says why.';

-- Of the runs that are not kept any more, so that what is counted never goes down.
create table private.sweep_totals (
  singleton boolean not null default true,
  expired bigint not null default 0,
  refunded bigint not null default 0,
  constraint sweep_totals_pkey primary key (singleton),
  constraint sweep_totals_is_one_row check (singleton)
);
comment on table private.sweep_totals is 'One row: what the runs did that private.sweep_runs keeps no more.';
insert into private.sweep_totals default values;

create table private.sweep_failures (
  generation_id uuid not null,
  attempts integer not null default 1,
  first_failed_at timestamptz not null,
  last_failed_at timestamptz not null,
  retry_at timestamptz not null,
  error text not null,
  constraint sweep_failures_pkey primary key (generation_id)
);

comment on table private.sweep_failures is
  'Generations that the sweeper could not expire, with the database''s own message. health reports them until they are settled.';
comment on column private.sweep_failures.retry_at is
  'Not before: a minute after the first failure, twice as long after each, an hour at most; so that it keeps no other from its turn.';

alter table private.sweep_runs enable row level security;
alter table private.sweep_totals enable row level security;
alter table private.sweep_failures enable row level security;
revoke all on private.sweep_runs, private.sweep_totals, private.sweep_failures
from public, anon, authenticated, service_role;

-- Expires one generation that was due by p_due_before and is unsettled still. Always refunds: our fault. The caller holds the
-- lock of its profile. Answers the credits that came back; null: it is settled or not due any more. Raises where a trigger of
-- the app's did not let it.
create function private.expire_generation(p_id uuid, p_due_before timestamptz, p_actor text)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_job public.generation_jobs;
begin
  select * into v_job from public.generation_jobs where id = p_id;
  if private.settle_generation(
    p_id, 'processing', 'expired', v_job.cost,
    case
      when v_job.status = 'reserved' then 'reservation_expired'
      when v_job.deadline_at < p_due_before then 'deadline_passed'
      else 'lease_lapsed'
    end,
    p_actor, p_any_lease => true, p_due_before => p_due_before
  ) is null then
    if exists (
      select from public.generation_jobs
      where id = p_id and finished_at is null and least(deadline_at, lease_expires_at) < p_due_before
    ) then
      raise exception 'It was not expired: a trigger kept it as it is';
    end if;
    return null;
  end if;
  -- What the app deferred to the commit would fail there, and take the whole batch with it.
  set constraints all immediate;
  return v_job.cost;
end;
$$;

-- Expires each generation by itself: one that fails stays as it is, is noted, and keeps no other from its turn. The caller
-- holds the locks of their profiles, taken outside: the rollback of a block with an exception clause would release those
-- that were taken in it.
create function private.expire_generations(
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
  v_refund integer;
  v_error text;
begin
  expired := 0;
  refunded := 0;
  failed := 0;
  foreach v_id in array coalesce(p_ids, '{}') loop
    begin
      v_refund := private.expire_generation(v_id, p_due_before, p_actor);
      expired := expired + (v_refund is not null)::integer;
      refunded := refunded + coalesce(v_refund, 0);
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

-- Locks at most p_limit generations that are due, oldest first, and their profiles, and waits for none: what somebody else
-- holds is left out. All locks at once: a loop over this query itself would take a profile that the loop has changed for one
-- that somebody else has, and skip the rest of that account.
create function private.lock_due_generations(p_due_before timestamptz, p_limit integer)
returns uuid[]
language plpgsql
set search_path = ''
-- Whatever the statistics say, along generation_jobs_due: of 50,000 that are due, each batch would else read and sort all.
set enable_sort = 'off'
as $$
begin
  return array(
    select j.id
    from public.generation_jobs j
    join public.profiles p on p.id = j.user_id
    where j.finished_at is null and least(j.deadline_at, j.lease_expires_at) < p_due_before
      -- Not "not exists": as a join, it would be made with all that is due.
      and coalesce((select f.retry_at <= p_due_before from private.sweep_failures f where f.generation_id = j.id), true)
    order by least(j.deadline_at, j.lease_expires_at)
    limit p_limit
    for no key update of p, j skip locked
  );
end;
$$;

drop function public.refund_stuck_generations(integer);

-- The sweeper: expires and refunds at most p_limit generations whose deadline, or whose worker's lease, has passed; oldest
-- first. Locks their profiles and themselves, and waits for none: what somebody else holds is left for the next run. State
-- and horizon are checked again in the update, so that what has just finished is left alone. A call is a batch: a caller
-- that goes on while there is more passes the run that the first one answered, and commits between.
-- Answers {success, run, expired, refunded, failed, more}: how many generations, how many credits, how many generations
-- that could not be expired, and whether the batch was full. Refuses with INVALID_REQUEST.
create function public.refund_stuck_generations(p_limit integer default 500, p_run bigint default null)
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
  v_id uuid;
  v_refund integer;
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
    select 0 as expired, 0::bigint as refunded, 0 as failed into v_done;
    foreach v_id in array v_ids loop
      v_refund := private.expire_generation(v_id, v_now, 'sweeper');
      v_done.expired := v_done.expired + (v_refund is not null)::integer;
      v_done.refunded := v_done.refunded + coalesce(v_refund, 0);
    end loop;
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

-- What a read does that meets an overdue generation of its own account: the sweeper's work for this one account, and like the
-- sweeper it waits for nobody.
-- Answers {success, expired}.
create function public.expire_overdue_generations(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
declare
  c_most constant integer := 100;
  v_now timestamptz;
  v_ids uuid[];
begin
  perform from public.profiles where id = p_user_id and closed_at is null for no key update skip locked;
  if not found then
    return jsonb_build_object('success', true, 'expired', 0);
  end if;
  v_now := clock_timestamp();
  select array_agg(due.id) into v_ids
  from (
    select id
    from public.generation_jobs j
    where user_id = p_user_id and num_nulls(finished_at) = 1 and least(deadline_at, lease_expires_at) < v_now
      -- What failed has its next turn when the sweeper says, not with every read.
      and coalesce((select f.retry_at <= v_now from private.sweep_failures f where f.generation_id = j.id), true)
    limit c_most
    for no key update of j skip locked
  ) due;
  return jsonb_build_object(
    'success', true, 'expired', (private.expire_generations(v_ids, v_now, 'system')).expired
  );
end;
$$;

-- As before. New: whether the sweeper runs, and what it could not refund.
create or replace function public.get_health()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '30s'
as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_checks jsonb;
begin
  select jsonb_agg(jsonb_build_object('name', name, 'ok', count = 0, 'count', count, 'meaning', meaning)) into v_checks
  from (
    select 'negative_balances' as name, count(*) as count, 'accounts with a balance below 0' as meaning
    from public.profiles
    where credits < 0
    union all
    select 'ledger_drift', count(*), 'accounts whose balance is not that of their newest event'
    from public.profiles p
    left join public.account_events e on e.user_id = p.id and e.version = p.version
    where e.balance is distinct from p.credits
    union all
    select 'uncharged_generations', count(*), 'unsettled generations without their charge in the ledger'
    from public.generation_jobs j
    left join public.account_events e
      on e.user_id = j.user_id and e.version = j.version and e.generation_id = j.id and e.delta = -j.cost
    where j.finished_at is null and j.cost > 0 and e.user_id is null
    union all
    select 'overdue_generations', count(*), 'generations more than 3 minutes overdue: the sweeper does not run, or cannot'
    from public.generation_jobs
    where finished_at is null
      and least(deadline_at, lease_expires_at) < v_now - interval '3 minutes'
    union all
    select 'failed_refunds', count(*), 'generations that the sweeper could not refund: see private.sweep_failures'
    from private.sweep_failures f
    join public.generation_jobs j on j.id = f.generation_id
    where j.finished_at is null
    union all
    select 'sweeper_silent', case when max(finished_at) > v_now - interval '3 minutes' then 0 else 1 end,
      '1: the sweeper has not succeeded for 3 minutes'
    from private.sweep_runs
  ) c;
  return jsonb_build_object(
    'success', true,
    'healthy', not exists (select from jsonb_array_elements(v_checks) c where not (c -> 'ok')::boolean),
    'checks', v_checks,
    'last_sweep', (
      select jsonb_build_object(
        'started_at', started_at, 'finished_at', finished_at, 'batches', batches, 'expired', expired,
        'refunded', refunded, 'failed', failed
      )
      from private.sweep_runs
      order by id desc
      limit 1
    )
  );
end;
$$;

comment on function public.refund_stuck_generations(integer, bigint) is
  'The sweeper: a batch of generations whose deadline or lease has passed is expired and refunded.';
comment on function public.expire_overdue_generations(uuid) is
  'Expires and refunds what of one account is overdue, without waiting: for reads that meet it.';

revoke all on function private.expire_generation(uuid, timestamptz, text) from public, anon, authenticated, service_role;
revoke all on function private.lock_due_generations(timestamptz, integer) from public, anon, authenticated, service_role;
revoke all on function private.expire_generations(uuid[], timestamptz, text)
from public, anon, authenticated, service_role;
revoke all on function public.refund_stuck_generations(integer, bigint), public.expire_overdue_generations(uuid)
from public, anon, authenticated;
grant execute on function public.refund_stuck_generations(integer, bigint), public.expire_overdue_generations(uuid)
to service_role;

-- A first run at once: what was adopted overdue need not wait, and health has a run to look at.
select public.refund_stuck_generations();
