-- edge-credits, 4 of 7: the ledger. The lock, the one place that moves a balance, and what guards both.

-- The lock is a statement that every function below begins with, and not a function of its own, which would cost each
-- charge 3 %:
--
--   select * into v_profile from public.profiles where id = … and closed_at is null for no key update;
--
-- It promises the profile as it is once nobody else can change it, and that until the end of the transaction nobody does.
-- Never within a block with an exception clause: its rollback releases the lock. The clock is to be read after it: now()
-- is the transaction's start.

-- Promises the event, the balance and the version together, and answers the profile after it. The caller holds
-- the lock and has decided that the balance allows it; if it does not, credits_not_negative raises.
create function private.append_event(
  p_user_id uuid,
  p_type public.account_event_type,
  p_delta integer,
  p_reason text,
  p_actor text,
  p_generation_id uuid,
  p_at timestamptz
)
returns public.profiles
language plpgsql
set search_path = ''
as $$
declare
  v_profile public.profiles;
begin
  update public.profiles
  set
    credits = credits + p_delta,
    version = version + 1,
    last_generate_at = case when p_delta < 0 and p_generation_id is not null then p_at else last_generate_at end
  where id = p_user_id
  returning * into strict v_profile;

  insert into public.account_events (user_id, version, type, delta, balance, reason, actor, generation_id, created_at)
  values (p_user_id, v_profile.version, p_type, p_delta, v_profile.credits, p_reason, p_actor, p_generation_id, p_at);

  return v_profile;
end;
$$;

-- The answer of a function that did what it was asked, with where the account now stands.
create function private.success(p_profile public.profiles, p_fields jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'success', true,
    'credits', p_profile.credits,
    'version', p_profile.version,
    'epoch', (select epoch from private.settings)
  ) || p_fields;
end;
$$;

-- The answer of a function that refused and changed nothing; with where the account stands, where there is one.
create function private.refusal(
  p_error text,
  p_message text,
  p_profile public.profiles default null,
  p_fields jsonb default '{}'
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object('success', false, 'error', p_error, 'message', p_message)
    || case
      when p_profile.id is null then '{}'
      else jsonb_build_object(
        'credits', p_profile.credits,
        'version', p_profile.version,
        'epoch', (select epoch from private.settings)
      )
    end
    || p_fields;
end;
$$;

create function private.profile_not_found()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return private.refusal('PROFILE_NOT_FOUND', 'This user has no account here, or it was closed');
end;
$$;

-- The first answer to this key, or why the key cannot be used, or null: go on. The caller holds the account's lock, so
-- that two requests with one key come here one after the other.
create function private.replay(p_profile public.profiles, p_operation text, p_key text, p_request jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_known private.idempotency_keys;
begin
  if p_key !~ '^[A-Za-z0-9_:.-]{1,255}$' then
    return private.refusal(
      'IDEMPOTENCY_KEY_INVALID', 'An idempotency key is 1 to 255 characters of A-Z a-z 0-9 _ : . -', p_profile
    );
  end if;
  select * into v_known
  from private.idempotency_keys
  where user_id = p_profile.id and operation = p_operation and key = p_key;
  if not found then
    return null;
  end if;
  if v_known.request_hash <> sha256(convert_to(p_request::text, 'UTF8')) then
    return private.refusal(
      'IDEMPOTENCY_KEY_REUSED', 'This idempotency key was used for another request; a new request needs a new key',
      p_profile
    );
  end if;
  return v_known.response || jsonb_build_object('replayed', true);
end;
$$;

-- Keeps an answer for private.replay, in the transaction that the answer tells of.
create function private.remember(p_user_id uuid, p_operation text, p_key text, p_request jsonb, p_response jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.idempotency_keys (user_id, operation, key, request_hash, response)
  values (p_user_id, p_operation, p_key, sha256(convert_to(p_request::text, 'UTF8')), p_response);
end;
$$;

revoke all on function private.append_event(uuid, public.account_event_type, integer, text, text, uuid, timestamptz)
from public, anon, authenticated, service_role;
revoke all on function private.success(public.profiles, jsonb) from public, anon, authenticated, service_role;
revoke all on function private.refusal(text, text, public.profiles, jsonb)
from public, anon, authenticated, service_role;
revoke all on function private.profile_not_found() from public, anon, authenticated, service_role;
revoke all on function private.replay(public.profiles, text, text, jsonb) from public, anon, authenticated, service_role;
revoke all on function private.remember(uuid, text, text, jsonb, jsonb) from public, anon, authenticated, service_role;

-- However a profile comes to be (our trigger on auth.users, the app's own, a DBA), it opens at version 1 with a balance:
-- the one given, or the signup grant.
create function private.prepare_profile()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  new.version := 1;
  if new.credits is null then
    select
      case
        when (select u.is_anonymous from auth.users u where u.id = new.id) then s.anonymous_signup_credits
        else s.signup_credits
      end
    into new.credits
    from private.settings s;
  end if;
  return new;
end;
$$;

create function private.write_opening_event()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.account_events (user_id, version, type, delta, balance, reason, actor, created_at)
  values (new.id, 1, 'account.opened', new.credits, new.credits, 'signup_grant', 'system', clock_timestamp());
  return null;
end;
$$;

-- A write that does not come through append_event is known by the version that it leaves as it was. It is refused, or
-- recorded under the row lock that the update itself has taken: private.settings.direct_writes.
create function private.guard_direct_write()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.version <> old.version or new.id <> old.id then
    raise exception 'The id and version of a profile never change by hand'
      using errcode = 'integrity_constraint_violation';
  end if;
  if new.credits = old.credits then
    return new;
  end if;
  if (select direct_writes from private.settings) = 'refuse' then
    raise exception 'credits of profile % cannot be written directly', old.id
      using
        errcode = 'integrity_constraint_violation',
        hint = 'Call grant_credits(user_id, amount, reason), or set private.settings.direct_writes to record.';
  end if;
  new.version := old.version + 1;
  insert into public.account_events (user_id, version, type, delta, balance, reason, actor, created_at)
  values (
    new.id, new.version, 'credit.adjusted', new.credits - old.credits, new.credits, 'direct_write',
    'sql:' || session_user, clock_timestamp()
  );
  return new;
end;
$$;

create function private.refuse_change()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception '% of % is not allowed: %', lower(tg_op), tg_table_name, tg_argv[0]
    using errcode = 'integrity_constraint_violation';
end;
$$;

revoke all on function private.prepare_profile() from public, anon, authenticated, service_role;
revoke all on function private.write_opening_event() from public, anon, authenticated, service_role;
revoke all on function private.guard_direct_write() from public, anon, authenticated, service_role;
revoke all on function private.refuse_change() from public, anon, authenticated, service_role;

-- zz: triggers fire by name, and these must see what the app's own have made of the row.
create trigger zz_prepare_profile before insert on public.profiles
  for each row execute function private.prepare_profile();
create trigger zz_write_opening_event after insert on public.profiles
  for each row execute function private.write_opening_event();
create trigger zz_guard_direct_write before update on public.profiles
  for each row
  when (new.version <> old.version + 1)
  execute function private.guard_direct_write();
create trigger zz_keep_profile before delete on public.profiles
  for each row execute function private.refuse_change('an account is closed by deleting its auth user, and kept');
create trigger zz_keep_profiles before truncate on public.profiles
  for each statement execute function private.refuse_change('accounts are kept');
create trigger append_only_rows before update or delete on public.account_events
  for each row execute function private.refuse_change('the ledger is append-only');
create trigger append_only_table before truncate on public.account_events
  for each statement execute function private.refuse_change('the ledger is append-only');

-- Profiles that were there before: the ledger begins with what they had. Old code that writes the balance itself goes on
-- working, and is recorded, until the operator refuses it.
insert into public.account_events (user_id, version, type, delta, balance, reason, actor, created_at)
select id, 1, 'account.opened', credits, credits, 'adopted', 'system', clock_timestamp()
from public.profiles;

update private.settings set direct_writes = 'record' where exists (select from public.profiles);
