-- edge-credits, 5 of 7: the state machine of a generation. docs/database.md draws it.

-- Decides a new charge in the documented order (type, rate limit, balance) and, where nothing speaks against it, takes
-- the credits and makes the generation, in the status asked for. The caller holds the lock on p_profile.
create function private.charge_generation(
  p_profile public.profiles,
  p_type text,
  p_status public.generation_status,
  p_input jsonb,
  p_rate_limit_seconds integer,
  p_lease_seconds integer
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_settings private.settings;
  v_slug text;
  v_type public.generation_types;
  v_wait_seconds integer;
  v_id uuid;
  v_deadline_at timestamptz;
  v_lease_token uuid;
  v_profile public.profiles;
  v_answer jsonb;
begin
  select * into v_settings from private.settings;
  v_slug := coalesce(p_type, v_settings.default_type);
  select * into v_type from public.generation_types where slug = v_slug;
  if not found then
    return private.refusal('UNKNOWN_TYPE', format('There is no generation type %s', v_slug), p_profile);
  end if;

  v_wait_seconds := ceil(
    extract(epoch from p_profile.last_generate_at - v_now) + coalesce(p_rate_limit_seconds, v_type.rate_limit_seconds)
  );
  if v_wait_seconds > 0 then
    return private.refusal(
      'RATE_LIMITED', format('Please wait %s seconds before generating again', v_wait_seconds), p_profile,
      jsonb_build_object('retry_after_seconds', v_wait_seconds)
    );
  end if;

  if p_profile.credits < v_type.cost then
    return private.refusal(
      'INSUFFICIENT_CREDITS',
      format('This generation costs %s credit(s), and the balance is %s', v_type.cost, p_profile.credits), p_profile,
      jsonb_build_object('cost', v_type.cost)
    );
  end if;

  v_id := gen_random_uuid();
  if p_status = 'reserved' then
    v_deadline_at := v_now + make_interval(secs => v_type.reservation_seconds);
    v_profile := private.append_event(
      p_profile.id, 'generation.reserved', -v_type.cost, v_slug, 'user', v_id, v_now
    );
  else
    v_deadline_at := v_now + make_interval(secs => v_type.timeout_seconds);
    v_lease_token := case when p_lease_seconds is not null then gen_random_uuid() end;
    v_profile := private.append_event(
      p_profile.id, 'generation.submitted', -v_type.cost, v_slug, 'user', v_id, v_now
    );
  end if;
  insert into public.generation_jobs (
    id, user_id, version, type, status, cost, refund_on_failure, input, created_at, deadline_at, lease_token,
    lease_expires_at
  )
  values (
    v_id, p_profile.id, v_profile.version, v_slug, p_status, v_type.cost, v_type.refund_on_failure, p_input, v_now,
    v_deadline_at, v_lease_token, v_now + make_interval(secs => p_lease_seconds)
  );
  v_answer := jsonb_build_object(
    'success', true, 'generation_id', v_id, 'status', p_status, 'cost', v_type.cost, 'credits', v_profile.credits,
    'version', v_profile.version, 'epoch', v_settings.epoch,
    case p_status when 'reserved' then 'expires_at' else 'deadline_at' end, v_deadline_at
  );
  if v_lease_token is not null then
    v_answer := v_answer || jsonb_build_object('lease_token', v_lease_token);
  end if;
  return v_answer;
end;
$$;

-- Why a generation cannot be moved as was asked.
create function private.wrong_state(p_profile public.profiles, p_job public.generation_jobs)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_job.status = 'reserved' then
    return private.refusal('INVALID_REQUEST', 'This generation is reserved: no worker holds a lease on it', p_profile);
  end if;
  if p_job.status = 'processing' then
    return private.refusal(
      'GENERATION_IN_PROGRESS', 'This generation is being worked on; it settles by itself', p_profile,
      jsonb_build_object('generation_id', p_job.id)
    );
  end if;
  return private.refusal(
    'GENERATION_ALREADY_SETTLED', format('This generation is already %s', p_job.status), p_profile,
    jsonb_build_object('generation_id', p_job.id, 'state', p_job.status)
  );
end;
$$;

-- Reserves one generation: takes its cost now, for a submission that follows. Locks the profile. p_type null is the
-- default type; p_rate_limit_seconds null is the type's own limit.
-- Answers {success, generation_id, status, cost, credits, version, epoch, expires_at}, or refuses with
-- PROFILE_NOT_FOUND, UNKNOWN_TYPE, RATE_LIMITED, INSUFFICIENT_CREDITS, IDEMPOTENCY_KEY_REUSED or _INVALID.
create function public.reserve_generation(
  p_user_id uuid,
  p_type text default null,
  p_rate_limit_seconds integer default null,
  p_idempotency_key text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
declare
  v_request jsonb;
  v_profile public.profiles;
  v_answer jsonb;
begin
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null for no key update;
  if not found then
    return private.profile_not_found();
  end if;
  if p_idempotency_key is not null then
    v_request := jsonb_build_object('type', p_type);
    v_answer := private.replay(v_profile, 'reserve', p_idempotency_key, v_request);
    if v_answer is not null then
      return v_answer;
    end if;
  end if;

  v_answer := private.charge_generation(v_profile, p_type, 'reserved', null, p_rate_limit_seconds, null);

  if p_idempotency_key is not null and (v_answer -> 'success')::boolean then
    perform private.remember(p_user_id, 'reserve', p_idempotency_key, v_request, v_answer);
  end if;
  return v_answer;
end;
$$;

-- Starts a generation. With p_generation_id it starts that reservation; without one the user's newest reservation of
-- the type, so that the old flow (check-and-deduct-credit, then submit-generation) is charged once; where there is none
-- it charges and starts in one step. Locks the profile. p_lease_seconds: for a worker that will extend_lease; the
-- lease_token in the answer is its, and is never replayed.
-- Answers {success, generation_id, status, cost, credits, version, epoch, deadline_at, lease_token?}, or refuses as
-- reserve_generation does and with GENERATION_NOT_FOUND, GENERATION_IN_PROGRESS, GENERATION_ALREADY_SETTLED or
-- INVALID_REQUEST (the reservation is of another type).
create function public.submit_generation(
  p_user_id uuid,
  p_type text default null,
  p_input jsonb default null,
  p_generation_id uuid default null,
  p_lease_seconds integer default null,
  p_idempotency_key text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
declare
  v_request jsonb;
  v_now timestamptz;
  v_slug text;
  v_profile public.profiles;
  v_job public.generation_jobs;
  v_answer jsonb;
begin
  if p_lease_seconds < 1 then
    return private.refusal('INVALID_REQUEST', 'A lease is 1 second or more');
  end if;
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null for no key update;
  if not found then
    return private.profile_not_found();
  end if;
  if p_idempotency_key is not null then
    v_request := jsonb_build_object('type', p_type, 'input', p_input, 'generation_id', p_generation_id);
    v_answer := private.replay(v_profile, 'submit', p_idempotency_key, v_request);
    if v_answer is not null then
      return v_answer;
    end if;
  end if;

  if p_generation_id is not null then
    select * into v_job from public.generation_jobs where id = p_generation_id and user_id = p_user_id;
    if not found then
      return private.refusal('GENERATION_NOT_FOUND', 'You have no such generation', v_profile);
    end if;
    if p_type <> v_job.type then
      return private.refusal(
        'INVALID_REQUEST', format('This generation was reserved as %s, not as %s', v_job.type, p_type), v_profile
      );
    end if;
    if v_job.status <> 'reserved' then
      return private.wrong_state(v_profile, v_job);
    end if;
  else
    -- A variable, not coalesce(p_type, (select …)) in the query: that would be planned anew by every call, at 24 µs.
    v_slug := p_type;
    if v_slug is null then
      select default_type into v_slug from private.settings;
    end if;
    select * into v_job
    from public.generation_jobs
    where user_id = p_user_id and status = 'reserved' and type = v_slug
    order by created_at desc
    limit 1;
  end if;

  if v_job.id is null then
    v_answer := private.charge_generation(v_profile, p_type, 'processing', p_input, null, p_lease_seconds);
  else
    v_now := clock_timestamp();
    update public.generation_jobs
    set
      status = 'processing',
      input = p_input,
      deadline_at = v_now + make_interval(
        secs => coalesce((select timeout_seconds from public.generation_types where slug = v_job.type), 1800)
      ),
      lease_token = case when p_lease_seconds is not null then gen_random_uuid() end,
      lease_expires_at = v_now + make_interval(secs => p_lease_seconds)
    -- Not status = 'reserved': then the planner may look for this id along the index of all reservations.
    where id = v_job.id and status <= 'reserved'
    returning * into strict v_job;
    v_profile := private.append_event(
      p_user_id, 'generation.submitted', 0, v_job.type, 'user', v_job.id, v_now
    );
    v_answer := private.success(
      v_profile,
      jsonb_build_object(
        'generation_id', v_job.id, 'status', v_job.status, 'cost', v_job.cost, 'deadline_at', v_job.deadline_at
      )
    );
    if v_job.lease_token is not null then
      v_answer := v_answer || jsonb_build_object('lease_token', v_job.lease_token);
    end if;
  end if;

  if p_idempotency_key is not null and (v_answer -> 'success')::boolean then
    perform private.remember(p_user_id, 'submit', p_idempotency_key, v_request, v_answer - 'lease_token');
  end if;
  return v_answer;
end;
$$;

-- Settles one generation: the one guarded update, its event and its refund. It must be reserved or, with p_up_to
-- processing, that; and while it is processing, the lease must be the caller's: an operator or the sweeper passes
-- p_any_lease. p_due_before: settle only what was due by then. The caller holds the profile's lock. Null: the guard did
-- not hold, nothing was changed.
create function private.settle_generation(
  p_generation_id uuid,
  p_up_to public.generation_status,
  p_to public.generation_status,
  p_refund integer,
  p_reason text,
  p_actor text,
  p_lease_token uuid default null,
  p_any_lease boolean default false,
  p_due_before timestamptz default null
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
    error = case when p_to in ('failed', 'expired') then p_reason end,
    finished_at = v_now,
    lease_token = null,
    lease_expires_at = null
  where id = p_generation_id
    and status <= p_up_to
    and (p_any_lease or lease_token is not distinct from p_lease_token)
    and (p_due_before is null or least(deadline_at, lease_expires_at) < p_due_before)
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

-- The result came. Locks the profile. p_cost: what it cost in the end, 0 to the cost charged (null: all of it); the rest
-- comes back. p_lease_token: the worker's; without one it settles what no worker holds: a reservation whose work was done
-- elsewhere, or a submission without a lease.
-- Answers {success, user_id, generation_id, status, cost, refunded, credits, version, epoch}, or refuses with
-- GENERATION_NOT_FOUND, PROFILE_NOT_FOUND, INVALID_REQUEST, GENERATION_IN_PROGRESS (another holds the lease),
-- GENERATION_ALREADY_SETTLED: of a result that comes after the credits went back an event is kept, once, and no more.
create function public.complete_generation(
  p_generation_id uuid,
  p_result jsonb default null,
  p_cost integer default null,
  p_lease_token uuid default null,
  p_idempotency_key text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
declare
  v_actor constant text := case when p_lease_token is null then 'operator' else 'worker' end;
  v_request constant jsonb := jsonb_build_object('generation_id', p_generation_id, 'outcome', 'completed', 'cost', p_cost);
  v_job public.generation_jobs;
  v_profile public.profiles;
  v_answer jsonb;
begin
  select * into v_job from public.generation_jobs where id = p_generation_id;
  if not found then
    return private.refusal('GENERATION_NOT_FOUND', 'There is no such generation');
  end if;
  select * into v_profile from public.profiles where id = v_job.user_id and closed_at is null for no key update;
  if not found then
    return private.profile_not_found();
  end if;
  if p_idempotency_key is not null then
    v_answer := private.replay(v_profile, 'settle', p_idempotency_key, v_request);
    if v_answer is not null then
      return v_answer;
    end if;
  end if;
  if p_cost not between 0 and v_job.cost then
    return private.refusal(
      'INVALID_REQUEST', format('The cost must be from 0 to %s, what was charged', v_job.cost), v_profile
    );
  end if;

  v_answer := private.settle_generation(
    p_generation_id, 'processing', 'completed', v_job.cost - coalesce(p_cost, v_job.cost),
    case when p_cost < v_job.cost then 'settled_below_cost' else 'completed' end, v_actor,
    p_lease_token => p_lease_token
  );
  if v_answer is not null then
    if p_result is not null then
      insert into public.generation_results (generation_id, user_id, result)
      values (p_generation_id, v_job.user_id, p_result);
    end if;
    if p_idempotency_key is not null then
      perform private.remember(v_job.user_id, 'settle', p_idempotency_key, v_request, v_answer);
    end if;
    return v_answer;
  end if;

  update public.generation_jobs
  set late_result_at = clock_timestamp()
  where id = p_generation_id and status in ('failed', 'released', 'expired') and late_result_at is null;
  if found then
    v_profile := private.append_event(
      v_job.user_id, 'generation.late_result', 0, 'late_result', v_actor, p_generation_id, clock_timestamp()
    );
  end if;
  select * into v_job from public.generation_jobs where id = p_generation_id;
  return private.wrong_state(v_profile, v_job);
end;
$$;

-- The work failed. Locks the profile. The cost comes back, unless the type keeps its charge. p_reason is a code, for the
-- ledger and for the generation's error. p_lease_token as for complete_generation, and so the answers.
create function public.fail_generation(
  p_generation_id uuid,
  p_reason text default 'failed',
  p_lease_token uuid default null,
  p_idempotency_key text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
declare
  v_request constant jsonb := jsonb_build_object('generation_id', p_generation_id, 'outcome', 'failed', 'cost', null);
  v_job public.generation_jobs;
  v_profile public.profiles;
  v_answer jsonb;
begin
  select * into v_job from public.generation_jobs where id = p_generation_id;
  if not found then
    return private.refusal('GENERATION_NOT_FOUND', 'There is no such generation');
  end if;
  select * into v_profile from public.profiles where id = v_job.user_id and closed_at is null for no key update;
  if not found then
    return private.profile_not_found();
  end if;
  if p_idempotency_key is not null then
    v_answer := private.replay(v_profile, 'settle', p_idempotency_key, v_request);
    if v_answer is not null then
      return v_answer;
    end if;
  end if;

  v_answer := private.settle_generation(
    p_generation_id, 'processing', 'failed',
    case when v_job.refund_on_failure then v_job.cost else 0 end,
    p_reason, case when p_lease_token is null then 'operator' else 'worker' end, p_lease_token => p_lease_token
  );
  if v_answer is null then
    select * into v_job from public.generation_jobs where id = p_generation_id;
    return private.wrong_state(v_profile, v_job);
  end if;
  if p_idempotency_key is not null then
    perform private.remember(v_job.user_id, 'settle', p_idempotency_key, v_request, v_answer);
  end if;
  return v_answer;
end;
$$;

-- Gives a hold back. Locks the profile. A user (p_user_id) releases an own reservation: the one named, or the newest.
-- An operator (p_user_id null) releases any unsettled generation, and names it and the reason.
-- Answers {success, user_id, generation_id, status, cost, refunded, credits, version, epoch}, or refuses with
-- PROFILE_NOT_FOUND, GENERATION_NOT_FOUND, GENERATION_IN_PROGRESS, GENERATION_ALREADY_SETTLED, NOTHING_TO_REFUND or INVALID_REQUEST.
create function public.release_generation(
  p_user_id uuid,
  p_generation_id uuid default null,
  p_reason text default null,
  p_idempotency_key text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
declare
  v_by_operator constant boolean := p_user_id is null;
  v_request constant jsonb := jsonb_build_object('generation_id', p_generation_id, 'reason', p_reason);
  v_user_id uuid := p_user_id;
  v_job public.generation_jobs;
  v_profile public.profiles;
  v_answer jsonb;
begin
  if v_by_operator then
    if p_generation_id is null or p_reason is null then
      return private.refusal('INVALID_REQUEST', 'An operator names the generation and the reason');
    end if;
    select user_id into v_user_id from public.generation_jobs where id = p_generation_id;
    if not found then
      return private.refusal('GENERATION_NOT_FOUND', 'There is no such generation');
    end if;
  end if;
  select * into v_profile from public.profiles where id = v_user_id and closed_at is null for no key update;
  if not found then
    return private.profile_not_found();
  end if;
  if p_idempotency_key is not null then
    v_answer := private.replay(v_profile, 'release', p_idempotency_key, v_request);
    if v_answer is not null then
      return v_answer;
    end if;
  end if;

  if p_generation_id is not null then
    select * into v_job from public.generation_jobs where id = p_generation_id and user_id = v_user_id;
    if not found then
      return private.refusal('GENERATION_NOT_FOUND', 'You have no such generation', v_profile);
    end if;
  else
    select * into v_job
    from public.generation_jobs
    where user_id = v_user_id and status = 'reserved'
    order by created_at desc
    limit 1;
    if not found then
      return private.refusal('NOTHING_TO_REFUND', 'There is no reservation to give back', v_profile);
    end if;
  end if;

  v_answer := private.settle_generation(
    v_job.id, case when v_by_operator then 'processing' else 'reserved' end::public.generation_status, 'released',
    v_job.cost, coalesce(p_reason, 'released'), case when v_by_operator then 'operator' else 'user' end,
    p_any_lease => true
  );
  if v_answer is null then
    return private.wrong_state(v_profile, v_job);
  end if;
  if p_idempotency_key is not null then
    perform private.remember(v_user_id, 'release', p_idempotency_key, v_request, v_answer);
  end if;
  return v_answer;
end;
$$;

-- A worker's heartbeat: the lease runs p_lease_seconds from now. Makes no event and takes no lock but its own row's.
-- Answers {success, lease_expires_at}, or refuses with GENERATION_NOT_FOUND: the lease is not, or no longer, the caller's.
create function public.extend_lease(p_generation_id uuid, p_lease_token uuid, p_lease_seconds integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
declare
  v_expires_at timestamptz;
begin
  if p_lease_seconds is null or p_lease_seconds < 1 then
    return private.refusal('INVALID_REQUEST', 'A lease is 1 second or more');
  end if;
  update public.generation_jobs
  set lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_seconds)
  where id = p_generation_id and status = 'processing' and lease_token = p_lease_token
  returning lease_expires_at into v_expires_at;
  if not found then
    return private.refusal('GENERATION_NOT_FOUND', 'The lease on this generation is not yours any more');
  end if;
  return jsonb_build_object('success', true, 'lease_expires_at', v_expires_at);
end;
$$;

-- The sweeper: expires and refunds at most p_limit generations whose deadline, or whose worker's lease, has passed;
-- oldest first. Always refunds: our fault. Locks their profiles, and waits for none: an account that somebody else holds
-- is left for the next run. What it can meet is a heartbeat, which holds its row for one statement. State and horizon are checked again in the update, so that what has just finished is left alone.
-- Answers {success, expired, refunded}: how many generations, how many credits.
create function public.refund_stuck_generations(p_limit integer default 500)
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
  v_due record;
  v_answer jsonb;
  v_expired integer := 0;
  v_refunded bigint := 0;
begin
  -- All locks first: a loop over this query itself would take a profile that the loop has changed for one that somebody
  -- else has, and skip the rest of that account.
  select array_agg(due.id) into v_ids
  from (
    select j.id
    from public.generation_jobs j
    join public.profiles p on p.id = j.user_id
    where j.finished_at is null and least(j.deadline_at, j.lease_expires_at) < v_now
    order by least(j.deadline_at, j.lease_expires_at)
    limit p_limit
    for no key update of p skip locked
  ) due;

  for v_due in
    select id, cost, status, deadline_at < v_now as overdue
    from public.generation_jobs
    where id = any (v_ids)
  loop
    v_answer := private.settle_generation(
      v_due.id, 'processing', 'expired', v_due.cost,
      case
        when v_due.status = 'reserved' then 'reservation_expired'
        when v_due.overdue then 'deadline_passed'
        else 'lease_lapsed'
      end,
      'sweeper', p_any_lease => true, p_due_before => v_now
    );
    if v_answer is not null then
      v_expired := v_expired + 1;
      v_refunded := v_refunded + v_due.cost;
    end if;
  end loop;
  return jsonb_build_object('success', true, 'expired', v_expired, 'refunded', v_refunded);
end;
$$;

-- The names that apps know: one generation of the default type, reserved; p_rate_limit_seconds null: the type's own limit.
create function public.deduct_credit_atomic(p_user_id uuid, p_rate_limit_seconds integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
begin
  return public.reserve_generation(p_user_id, p_rate_limit_seconds => p_rate_limit_seconds);
end;
$$;

-- … and the user's newest reservation, released. Without one NOTHING_TO_REFUND: no call can mint credits.
create function public.refund_credit_atomic(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
begin
  if p_user_id is null then
    return private.profile_not_found();
  end if;
  return public.release_generation(p_user_id);
end;
$$;

comment on function public.reserve_generation(uuid, text, integer, text) is
  'Takes the cost of one generation, for a submission that follows.';
comment on function public.submit_generation(uuid, text, jsonb, uuid, integer, text) is
  'Starts a generation: the reservation named, the newest of the type, or a new one charged in the same step.';
comment on function public.complete_generation(uuid, jsonb, integer, uuid, text) is
  'Settles a generation that succeeded; what it cost less than was charged comes back.';
comment on function public.fail_generation(uuid, text, uuid, text) is
  'Settles a generation that failed; the cost comes back, unless its type keeps the charge.';
comment on function public.release_generation(uuid, uuid, text, text) is
  'Gives a hold back: a user''s own reservation, or, with p_user_id null, any unsettled generation by an operator.';
comment on function public.extend_lease(uuid, uuid, integer) is 'A worker''s heartbeat.';
comment on function public.refund_stuck_generations(integer) is
  'The sweeper: expires and refunds generations whose deadline or lease has passed.';
comment on function public.deduct_credit_atomic(uuid, integer) is 'Reserves one generation of the default type.';
comment on function public.refund_credit_atomic(uuid) is 'Releases the user''s newest reservation.';

revoke all on function private.charge_generation(public.profiles, text, public.generation_status, jsonb, integer, integer)
from public, anon, authenticated, service_role;
revoke all on function private.wrong_state(public.profiles, public.generation_jobs)
from public, anon, authenticated, service_role;
revoke all on function private.settle_generation(
  uuid, public.generation_status, public.generation_status, integer, text, text, uuid, boolean, timestamptz
) from public, anon, authenticated, service_role;

revoke all on function
  public.reserve_generation(uuid, text, integer, text),
  public.submit_generation(uuid, text, jsonb, uuid, integer, text),
  public.complete_generation(uuid, jsonb, integer, uuid, text),
  public.fail_generation(uuid, text, uuid, text),
  public.release_generation(uuid, uuid, text, text),
  public.extend_lease(uuid, uuid, integer),
  public.refund_stuck_generations(integer),
  public.deduct_credit_atomic(uuid, integer),
  public.refund_credit_atomic(uuid)
from public, anon, authenticated;

grant execute on function
  public.reserve_generation(uuid, text, integer, text),
  public.submit_generation(uuid, text, jsonb, uuid, integer, text),
  public.complete_generation(uuid, jsonb, integer, uuid, text),
  public.fail_generation(uuid, text, uuid, text),
  public.release_generation(uuid, uuid, text, text),
  public.extend_lease(uuid, uuid, integer),
  public.refund_stuck_generations(integer),
  public.deduct_credit_atomic(uuid, integer),
  public.refund_credit_atomic(uuid)
to service_role;
