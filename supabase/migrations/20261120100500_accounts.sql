-- edge-credits, 6 of 7: accounts. Opening, granting, closing; and the reads, each of one snapshot.

-- Grants credits (p_amount above 0) or takes some away (below 0, never below a balance of 0). Locks the profile.
-- p_reason goes to the ledger in the operator's words.
-- Answers {success, credits, version, epoch}, or refuses with PROFILE_NOT_FOUND, INVALID_REQUEST, INSUFFICIENT_CREDITS.
create function public.grant_credits(
  p_user_id uuid,
  p_amount integer,
  p_reason text,
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
  c_max_balance constant bigint := 1000000000; -- half of what an integer holds: the rest is for what is on hold
  v_request constant jsonb := jsonb_build_object('amount', p_amount, 'reason', p_reason);
  v_profile public.profiles;
  v_answer jsonb;
begin
  if p_amount is null or p_amount = 0 or p_reason is null or p_reason = '' then
    return private.refusal('INVALID_REQUEST', 'A grant has an amount other than 0, and a reason');
  end if;
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null for no key update;
  if not found then
    return private.profile_not_found();
  end if;
  if p_idempotency_key is not null then
    v_answer := private.replay(v_profile, 'grant', p_idempotency_key, v_request);
    if v_answer is not null then
      return v_answer;
    end if;
  end if;

  if v_profile.credits + p_amount::bigint < 0 then
    return private.refusal(
      'INSUFFICIENT_CREDITS', format('The balance is %s: %s cannot be taken away', v_profile.credits, -p_amount::bigint),
      v_profile, jsonb_build_object('cost', -p_amount::bigint)
    );
  end if;
  if v_profile.credits + p_amount::bigint > c_max_balance then
    return private.refusal('INVALID_REQUEST', format('A balance is at most %s', c_max_balance), v_profile);
  end if;

  v_profile := private.append_event(
    p_user_id, case when p_amount > 0 then 'credit.granted' else 'credit.adjusted' end::public.account_event_type, p_amount, p_reason, 'operator',
    null, clock_timestamp()
  );
  v_answer := private.success(v_profile, '{}');
  if p_idempotency_key is not null then
    perform private.remember(p_user_id, 'grant', p_idempotency_key, v_request, v_answer);
  end if;
  return v_answer;
end;
$$;

-- Opens an account with the signup grant; on one that is there it changes nothing. For users of a third-party issuer:
-- those of Supabase Auth get theirs by a trigger.
-- Answers {success, credits, version, epoch}, or refuses with PROFILE_NOT_FOUND: it was closed.
create function public.open_account(p_user_id uuid, p_email text default null)
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
  insert into public.profiles (id, email) values (p_user_id, p_email) on conflict (id) do nothing;
  -- A statement of its own: the one above does not see the row of another that it waited for.
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null;
  if not found then
    return private.profile_not_found();
  end if;
  return private.success(v_profile, '{}');
end;
$$;

-- Closes an account: what it holds comes back, and what it said of a person goes: e-mail, inputs, results. The
-- history stays. Locks the profile. Closing twice, or what never was open, changes nothing.
create function private.close_account(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job record;
begin
  perform from public.profiles where id = p_user_id and closed_at is null for no key update;
  if not found then
    return;
  end if;
  for v_job in
    select id, cost from public.generation_jobs
    where user_id = p_user_id and finished_at is null
    order by version
  loop
    perform private.settle_generation(
      v_job.id, 'processing', 'released', v_job.cost, 'account_closed', 'system', p_any_lease => true
    );
  end loop;
  delete from public.generation_results where user_id = p_user_id;
  update public.generation_jobs set input = null where user_id = p_user_id and input is not null;
  perform private.append_event(p_user_id, 'account.closed', 0, 'auth_user_deleted', 'system', null, clock_timestamp());
  update public.profiles set email = null, closed_at = clock_timestamp() where id = p_user_id;
end;
$$;

-- What happens to an auth user happens to the account. An error here stops the sign-up, so there is nothing here that
-- could go wrong for a reason of ours alone: an app that has made the profile already is left to it.
create function private.follow_auth_user()
returns trigger
language plpgsql
security definer
set search_path = ''
set lock_timeout = '5s'
as $$
declare
  v_profile public.profiles;
  v_rest integer;
begin
  case tg_op
    when 'DELETE' then
      perform private.close_account(old.id);
    when 'INSERT' then
      update public.profiles set email = new.email where id = new.id and email is null and closed_at is null;
      if not exists (select from public.profiles where id = new.id) then
        insert into public.profiles (id, email) values (new.id, new.email);
      end if;
    else
      select * into v_profile from public.profiles where id = new.id and closed_at is null for no key update;
      if not found then
        return null;
      end if;
      if v_profile.email is distinct from new.email then
        update public.profiles set email = new.email where id = new.id;
      end if;
      -- An anonymous user who becomes a permanent one gets what a permanent one opens with.
      if old.is_anonymous and not new.is_anonymous then
        select signup_credits - anonymous_signup_credits into v_rest from private.settings;
        if v_rest > 0 then
          perform private.append_event(new.id, 'credit.granted', v_rest, 'signup_grant', 'system', null, clock_timestamp());
        end if;
      end if;
  end case;
  return null;
end;
$$;

-- Named to come after an app's own trigger that makes profiles.
create trigger zz_open_account after insert on auth.users
  for each row execute function private.follow_auth_user();
create trigger zz_follow_account after update on auth.users
  for each row
  when (new.email is distinct from old.email or new.is_anonymous is distinct from old.is_anonymous)
  execute function private.follow_auth_user();
create trigger zz_close_account after delete on auth.users
  for each row execute function private.follow_auth_user();

-- Users who signed up before edge-credits came.
update public.profiles p set email = u.email from auth.users u where u.id = p.id and p.email is null and p.closed_at is null;
insert into public.profiles (id, email)
select u.id, u.email
from auth.users u
where not exists (select from public.profiles p where p.id = u.id);

-- The reads. `stable`: all statements of one see one snapshot, so that data and version belong together.

-- Answers {success, credits, version, epoch, last_generate_at}, or refuses with PROFILE_NOT_FOUND.
create function public.get_account(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  v_profile public.profiles;
begin
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null;
  if not found then
    return private.profile_not_found();
  end if;
  return private.success(v_profile, jsonb_build_object('last_generate_at', v_profile.last_generate_at));
end;
$$;

-- The credit changes, newest first: those with a version below p_before (null: from the newest), p_limit at most,
-- which is from 1 to 100.
-- Answers {success, credits, version, epoch, events: [{version, type, delta, balance, reason, actor, generation_id,
-- created_at}], next_before}: next_before is null on the last page.
create function public.get_account_history(p_user_id uuid, p_before bigint default null, p_limit integer default 50)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  v_limit constant integer := greatest(1, least(coalesce(p_limit, 50), 100));
  v_profile public.profiles;
  v_events jsonb;
begin
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null;
  if not found then
    return private.profile_not_found();
  end if;
  select coalesce(jsonb_agg(to_jsonb(e) order by e.version desc), '[]') into v_events
  from (
    select version, type, delta, balance, reason, actor, generation_id, created_at
    from public.account_events
    where user_id = p_user_id and delta <> 0 and (p_before is null or version < p_before)
    order by version desc
    limit v_limit + 1
  ) e;
  return private.success(v_profile, private.page('events', v_events, v_limit));
end;
$$;

-- The own generations, newest first, without inputs and results; paged as the history is.
-- Answers {success, credits, version, epoch, generations: [{generation_id, version, type, status, cost, refunded, error,
-- created_at, deadline_at, finished_at, refunded_at}], next_before}.
create function public.get_generations(p_user_id uuid, p_before bigint default null, p_limit integer default 50)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  v_limit constant integer := greatest(1, least(coalesce(p_limit, 50), 100));
  v_profile public.profiles;
  v_generations jsonb;
begin
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null;
  if not found then
    return private.profile_not_found();
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
  return private.success(v_profile, private.page('generations', v_generations, v_limit));
end;
$$;

-- One more than the page was read, to know whether there is a next one.
create function private.page(p_name text, p_rows jsonb, p_limit integer)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  if jsonb_array_length(p_rows) <= p_limit then
    return jsonb_build_object(p_name, p_rows, 'next_before', null);
  end if;
  return jsonb_build_object(p_name, p_rows - p_limit, 'next_before', p_rows -> (p_limit - 1) -> 'version');
end;
$$;

-- One own generation, with input and result.
-- Answers {success, credits, version, epoch, generation_id, type, status, cost, refunded, input, result, error,
-- created_at, deadline_at, finished_at, refunded_at}, or refuses with PROFILE_NOT_FOUND, GENERATION_NOT_FOUND.
create function public.get_generation(p_user_id uuid, p_generation_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  v_profile public.profiles;
  v_generation jsonb;
begin
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null;
  if not found then
    return private.profile_not_found();
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
  if v_generation is null then
    return private.refusal('GENERATION_NOT_FOUND', 'You have no such generation', v_profile);
  end if;
  return private.success(v_profile, v_generation);
end;
$$;

-- The price list. Answers {success, default_type, types: [{type, cost, rate_limit_seconds, timeout_seconds,
-- reservation_seconds, refund_on_failure}]}.
create function public.get_generation_types()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
begin
  return jsonb_build_object(
    'success', true,
    'default_type', (select default_type from private.settings),
    'types', (
      select jsonb_agg(to_jsonb(t) order by t.type)
      from (
        select
          slug as type, cost, rate_limit_seconds, timeout_seconds, reservation_seconds, refund_on_failure
        from public.generation_types
      ) t
    )
  );
end;
$$;

-- Whether the invariants hold, each as a count of what breaks it. Reads every account: for operators, not for clients.
-- Answers {success, healthy, checks: [{name, ok, count, meaning}]}.
create function public.get_health()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '30s'
as $$
declare
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
    select 'overdue_generations', count(*), 'generations more than 3 minutes overdue: the sweeper does not run'
    from public.generation_jobs
    where finished_at is null
      and least(deadline_at, lease_expires_at) < clock_timestamp() - interval '3 minutes'
  ) c;
  return jsonb_build_object(
    'success', true,
    'healthy', not exists (select from jsonb_array_elements(v_checks) c where not (c -> 'ok')::boolean),
    'checks', v_checks
  );
end;
$$;

comment on function public.grant_credits(uuid, integer, text, text) is
  'Grants credits, or takes some away, with a reason.';
comment on function public.open_account(uuid, text) is
  'Opens an account with the signup grant, for users of a third-party issuer.';
comment on function public.get_account(uuid) is 'The balance and version of one account.';
comment on function public.get_account_history(uuid, bigint, integer) is 'Credit changes of one account, newest first.';
comment on function public.get_generations(uuid, bigint, integer) is 'Generations of one account, newest first.';
comment on function public.get_generation(uuid, uuid) is 'One generation of an account, with input and result.';
comment on function public.get_generation_types() is 'The price list.';
comment on function public.get_health() is 'Whether the invariants hold, each as a count of what breaks it.';

revoke all on function private.close_account(uuid) from public, anon, authenticated, service_role;
revoke all on function private.follow_auth_user() from public, anon, authenticated, service_role;
revoke all on function private.page(text, jsonb, integer) from public, anon, authenticated, service_role;

revoke all on function
  public.grant_credits(uuid, integer, text, text),
  public.open_account(uuid, text),
  public.get_account(uuid),
  public.get_account_history(uuid, bigint, integer),
  public.get_generations(uuid, bigint, integer),
  public.get_generation(uuid, uuid),
  public.get_generation_types(),
  public.get_health()
from public, anon, authenticated;

grant execute on function
  public.grant_credits(uuid, integer, text, text),
  public.open_account(uuid, text),
  public.get_account(uuid),
  public.get_account_history(uuid, bigint, integer),
  public.get_generations(uuid, bigint, integer),
  public.get_generation(uuid, uuid),
  public.get_generation_types(),
  public.get_health()
to service_role;
