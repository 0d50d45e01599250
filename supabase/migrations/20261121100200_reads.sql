-- Reads that say "give me this unless it is still at the version that I know". docs/freshness.md says why that is never stale.

-- Something of an account changed that is no credit: an app's own rows, which are read by a view.
alter type public.account_event_type add value 'account.changed';

-- How every view begins. A view is a function that takes p_user_id and p_known ('<epoch>.<version>', what the caller has; null:
-- nothing), is `stable`, so that all of its statements see one snapshot, and answers this || its data, or this alone where
-- it is a refusal or `unchanged`.
-- Answers {success, credits, version, epoch, unchanged?, overdue?}: unchanged where p_known is the account's version still;
-- overdue where a generation of it waits to be expired, which is a write: the caller does that, and reads again. Or refuses
-- with PROFILE_NOT_FOUND.
create function private.begin_view(p_user_id uuid, p_known text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_profile public.profiles;
  v_epoch bigint;
  v_overdue boolean;
  v_head jsonb;
begin
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null;
  if not found then
    return private.profile_not_found();
  end if;
  select
    s.epoch,
    exists (
      select from public.generation_jobs
      where user_id = p_user_id and num_nulls(finished_at) = 1
        and least(deadline_at, lease_expires_at) < clock_timestamp()
    )
  into v_epoch, v_overdue
  from private.settings s;
  v_head := jsonb_build_object(
    'success', true, 'credits', v_profile.credits, 'version', v_profile.version, 'epoch', v_epoch
  );
  if v_overdue then
    v_head := v_head || '{"overdue": true}';
  end if;
  if p_known = v_epoch || '.' || v_profile.version then
    v_head := v_head || '{"unchanged": true}';
  end if;
  return v_head;
end;
$$;

-- Whether a view has nothing to add to what it began with.
create function private.view_is_done(p_head jsonb)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return p_head ? 'error' or p_head ? 'unchanged';
end;
$$;

-- Moves an account's version, in the caller's transaction, with something that a view of the app's own reads. Locks the
-- profile. p_reason is a word for the ledger.
-- Answers {success, credits, version, epoch}, or refuses with PROFILE_NOT_FOUND. Raises where there is no reason.
create function public.record_change(p_user_id uuid, p_reason text)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
declare
  v_profile public.profiles;
begin
  -- Raised, not answered: who performs this in a trigger reads no answer, and must not go on with a version that stands still.
  if p_reason is null or p_reason = '' then
    raise exception 'A change has a reason' using errcode = 'invalid_parameter_value';
  end if;
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null for no key update;
  if not found then
    return private.profile_not_found();
  end if;
  v_profile := private.append_event(p_user_id, 'account.changed', 0, p_reason, 'system', null, clock_timestamp());
  return private.success(v_profile, '{}');
end;
$$;

drop function public.get_account(uuid);
drop function public.get_account_history(uuid, bigint, integer);
drop function public.get_generations(uuid, bigint, integer);
drop function public.get_generation(uuid, uuid);

-- The balance. Answers what every view begins with, and last_generate_at.
create function public.get_account(p_user_id uuid, p_known text default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  v_head constant jsonb := private.begin_view(p_user_id, p_known);
begin
  if private.view_is_done(v_head) then
    return v_head;
  end if;
  return v_head || (select jsonb_build_object('last_generate_at', last_generate_at) from public.profiles where id = p_user_id);
end;
$$;

-- The credit changes, newest first: those with a version below p_before (null: from the newest), p_limit at most,
-- which is from 1 to 100.
-- Answers what every view begins with, and {events: [{version, type, delta, balance, reason, actor, generation_id,
-- created_at}], next_before}: next_before is null on the last page.
create function public.get_account_history(
  p_user_id uuid,
  p_before bigint default null,
  p_limit integer default 50,
  p_known text default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  v_limit constant integer := greatest(1, least(coalesce(p_limit, 50), 100));
  v_head constant jsonb := private.begin_view(p_user_id, p_known);
  v_events jsonb;
begin
  if private.view_is_done(v_head) then
    return v_head;
  end if;
  select coalesce(jsonb_agg(to_jsonb(e) order by e.version desc), '[]') into v_events
  from (
    select version, type, delta, balance, reason, actor, generation_id, created_at
    from public.account_events
    where user_id = p_user_id and delta <> 0 and (p_before is null or version < p_before)
    order by version desc
    limit v_limit + 1
  ) e;
  return v_head || private.page('events', v_events, v_limit);
end;
$$;

-- The own generations, newest first, without inputs and results; paged as the history is.
-- Answers what every view begins with, and {generations: [{generation_id, version, type, status, cost, refunded, error,
-- created_at, deadline_at, finished_at, refunded_at}], next_before}.
create function public.get_generations(
  p_user_id uuid,
  p_before bigint default null,
  p_limit integer default 50,
  p_known text default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  v_limit constant integer := greatest(1, least(coalesce(p_limit, 50), 100));
  v_head constant jsonb := private.begin_view(p_user_id, p_known);
  v_generations jsonb;
begin
  if private.view_is_done(v_head) then
    return v_head;
  end if;
  select coalesce(jsonb_agg(to_jsonb(g) order by g.version desc), '[]') into v_generations
  from (
    select
      id as generation_id, version, type, status, cost, refunded, error, created_at, deadline_at, finished_at, refunded_at
    from public.generation_jobs
    where user_id = p_user_id and (p_before is null or version < p_before)
    order by version desc
    limit v_limit + 1
  ) g;
  return v_head || private.page('generations', v_generations, v_limit);
end;
$$;

-- One own generation, with input and result.
-- Answers what every view begins with, and {generation_id, type, status, cost, refunded, input, result, error,
-- created_at, deadline_at, finished_at, refunded_at}; or refuses with GENERATION_NOT_FOUND, too.
create function public.get_generation(p_user_id uuid, p_generation_id uuid, p_known text default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  v_head constant jsonb := private.begin_view(p_user_id, p_known);
  v_generation jsonb;
begin
  if v_head ? 'error' then
    return v_head;
  end if;
  -- First: what the client knows may be another answer's version.
  if not exists (select from public.generation_jobs where id = p_generation_id and user_id = p_user_id) then
    return (v_head - '{overdue,unchanged}'::text[]) || jsonb_build_object(
      'success', false, 'error', 'GENERATION_NOT_FOUND', 'message', 'You have no such generation'
    );
  end if;
  if v_head ? 'unchanged' then
    return v_head;
  end if;
  select to_jsonb(g) into v_generation
  from (
    select
      j.id as generation_id, j.type, j.status, j.cost, j.refunded, j.input, r.result, j.error, j.created_at,
      j.deadline_at, j.finished_at, j.refunded_at
    from public.generation_jobs j
    left join public.generation_results r on r.generation_id = j.id
    where j.id = p_generation_id and j.user_id = p_user_id
  ) g;
  return v_head || v_generation;
end;
$$;

comment on function public.record_change(uuid, text) is
  'Moves an account''s version with a change that a view of the app''s own reads, in the same transaction.';
comment on function public.get_account(uuid, text) is 'The balance and version of one account.';
comment on function public.get_account_history(uuid, bigint, integer, text) is 'Credit changes of one account, newest first.';
comment on function public.get_generations(uuid, bigint, integer, text) is 'Generations of one account, newest first.';
comment on function public.get_generation(uuid, uuid, text) is 'One generation of an account, with input and result.';

revoke all on function private.begin_view(uuid, text) from public, anon, authenticated, service_role;
revoke all on function private.view_is_done(jsonb) from public, anon, authenticated, service_role;

revoke all on function
  public.record_change(uuid, text),
  public.get_account(uuid, text),
  public.get_account_history(uuid, bigint, integer, text),
  public.get_generations(uuid, bigint, integer, text),
  public.get_generation(uuid, uuid, text)
from public, anon, authenticated;

grant execute on function
  public.record_change(uuid, text),
  public.get_account(uuid, text),
  public.get_account_history(uuid, bigint, integer, text),
  public.get_generations(uuid, bigint, integer, text),
  public.get_generation(uuid, uuid, text)
to service_role;
