-- Which provider does the work of a type, and the hand-over of a generation to one that calls back.

alter table public.generation_types
  add column provider text not null default 'images',
  add column provider_options jsonb not null default '{}',
  add constraint provider_is_a_name check (provider ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  add constraint provider_options_is_an_object check (jsonb_typeof(provider_options) = 'object');

comment on column public.generation_types.provider is
  'The adapter that submit-generation works with: images, chat, callback, or one of the app''s own. docs/providers.md has them.';
comment on column public.generation_types.provider_options is
  'What the adapter is told beside the input, such as {"model": "…"}.';

-- An account's unsettled generations: its reservations, as a submission claims them, the newest first; and what of it is
-- overdue. The predicate says what generation_jobs_due says of the same rows, in words that only those two queries use: the
-- planner can take neither index for the other, nor one of them for a guard by id, whatever its statistics say.
create index generation_jobs_unsettled on public.generation_jobs (user_id, status, created_at desc)
  where num_nulls(finished_at) = 1;
drop index public.generation_jobs_reserved;

-- As before. New: the answer to a worker (p_lease_seconds) says that it was charged, and names the provider. And the event is
-- written here, as private.append_event writes it: the call, and whole rows where two numbers do, were 6 % of a charge.
create or replace function private.charge_generation(
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
  v_epoch bigint;
  v_slug text;
  v_type public.generation_types;
  v_wait_seconds integer;
  v_id uuid;
  v_deadline_at timestamptz;
  v_lease_token uuid;
  v_credits integer;
  v_version bigint;
  v_answer jsonb;
begin
  select epoch, coalesce(p_type, default_type) into v_epoch, v_slug from private.settings;
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
  v_deadline_at := v_now + make_interval(
    secs => case p_status when 'reserved' then v_type.reservation_seconds else v_type.timeout_seconds end
  );
  v_lease_token := case when p_lease_seconds is not null then gen_random_uuid() end;
  update public.profiles
  set credits = credits - v_type.cost, version = version + 1, last_generate_at = v_now
  where id = p_profile.id
  returning credits, version into strict v_credits, v_version;
  insert into public.account_events (user_id, version, type, delta, balance, reason, actor, generation_id, created_at)
  values (
    p_profile.id, v_version,
    case p_status when 'reserved' then 'generation.reserved' else 'generation.submitted' end::public.account_event_type,
    -v_type.cost, v_credits, v_slug, 'user', v_id, v_now
  );
  insert into public.generation_jobs (
    id, user_id, version, type, status, cost, refund_on_failure, input, created_at, deadline_at, lease_token,
    lease_expires_at
  )
  values (
    v_id, p_profile.id, v_version, v_slug, p_status, v_type.cost, v_type.refund_on_failure, p_input, v_now,
    v_deadline_at, v_lease_token, v_now + make_interval(secs => p_lease_seconds)
  );
  v_answer := jsonb_build_object(
    'success', true, 'generation_id', v_id, 'status', p_status, 'cost', v_type.cost, 'credits', v_credits,
    'version', v_version, 'epoch', v_epoch,
    case p_status when 'reserved' then 'expires_at' else 'deadline_at' end, v_deadline_at
  );
  if v_lease_token is not null then
    v_answer := v_answer || jsonb_build_object(
      'lease_token', v_lease_token, 'charged', true, 'type', v_slug, 'provider', v_type.provider,
      'provider_options', v_type.provider_options
    );
  end if;
  return v_answer;
end;
$$;

-- As before. New: lease_token comes with charged (false: it claimed a reservation), type, and provider and provider_options of
-- the type as it is now (null where it is gone); none of them is ever replayed.
create or replace function public.submit_generation(
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
  v_type public.generation_types;
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
    where user_id = p_user_id and num_nulls(finished_at) = 1 and status = 'reserved' and type = v_slug
    order by created_at desc
    limit 1;
  end if;

  if v_job.id is null then
    v_answer := private.charge_generation(v_profile, p_type, 'processing', p_input, null, p_lease_seconds);
  else
    select * into v_type from public.generation_types where slug = v_job.type;
    v_now := clock_timestamp();
    update public.generation_jobs
    set
      status = 'processing',
      input = p_input,
      deadline_at = v_now + make_interval(secs => coalesce(v_type.timeout_seconds, 1800)),
      lease_token = case when p_lease_seconds is not null then gen_random_uuid() end,
      lease_expires_at = v_now + make_interval(secs => p_lease_seconds)
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
      v_answer := v_answer || jsonb_build_object(
        'lease_token', v_job.lease_token, 'charged', false, 'type', v_job.type, 'provider', v_type.provider,
        'provider_options', v_type.provider_options
      );
    end if;
  end if;

  if p_idempotency_key is not null and (v_answer -> 'success')::boolean then
    perform private.remember(
      p_user_id, 'submit', p_idempotency_key, v_request, v_answer - '{lease_token,charged,type,provider,provider_options}'::text[]
    );
  end if;
  return v_answer;
end;
$$;

-- As before, by the index of unsettled generations.
create or replace function public.release_generation(
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
    where user_id = v_user_id and num_nulls(finished_at) = 1 and status = 'reserved'
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

-- A worker has handed its generation to a provider that will call back, and needs no lease any more: nobody's silence
-- means anything now, and only the deadline ends it. The token stays, and is the callback's. Makes no event and takes no
-- lock but its own row's.
-- Answers {success, deadline_at}, or refuses with GENERATION_NOT_FOUND: the lease is not, or no longer, the caller's.
create function public.hand_over_generation(p_generation_id uuid, p_lease_token uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
declare
  v_deadline_at timestamptz;
begin
  update public.generation_jobs
  set lease_expires_at = null
  where id = p_generation_id and status = 'processing' and lease_token = p_lease_token
  returning deadline_at into v_deadline_at;
  if not found then
    return private.refusal('GENERATION_NOT_FOUND', 'The lease on this generation is not yours any more');
  end if;
  return jsonb_build_object('success', true, 'deadline_at', v_deadline_at);
end;
$$;

-- As before. New: not after a hand-over, which a heartbeat on its way would undo.
create or replace function public.extend_lease(p_generation_id uuid, p_lease_token uuid, p_lease_seconds integer)
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
  where id = p_generation_id and status = 'processing' and lease_token = p_lease_token and lease_expires_at is not null
  returning lease_expires_at into v_expires_at;
  if not found then
    return private.refusal('GENERATION_NOT_FOUND', 'The lease on this generation is not yours any more');
  end if;
  return jsonb_build_object('success', true, 'lease_expires_at', v_expires_at);
end;
$$;

-- As before. New: of a settled one, the state is said first, whatever the result would have cost; so that it is noted as late.
create or replace function public.complete_generation(
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
  if p_cost not between 0 and v_job.cost and v_job.status <= 'processing' then
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

-- As before. New: what is the operator's fault or ours is no failed attempt, and always refunds.
create or replace function public.fail_generation(
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
  c_our_fault constant text[] := array['internal_error', 'provider_not_configured'];
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
    case when v_job.refund_on_failure or p_reason = any (c_our_fault) then v_job.cost else 0 end,
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

comment on function public.hand_over_generation(uuid, uuid) is
  'Ends a worker''s lease on a generation that its provider will call back for; its deadline stays.';
comment on column public.generation_jobs.lease_expires_at is
  'Extended by the worker''s heartbeat; once it has passed, the sweeper takes the worker for dead. Null: no worker is waited for.';

revoke all on function public.hand_over_generation(uuid, uuid) from public, anon, authenticated;
grant execute on function public.hand_over_generation(uuid, uuid) to service_role;
