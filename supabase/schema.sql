-- Generated from supabase/migrations by `deno task schema`; not to be edited, nor applied.

--
-- Name: private; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA private;

--
-- Name: account_event_type; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.account_event_type AS ENUM (
    'account.opened',
    'account.closed',
    'credit.granted',
    'credit.adjusted',
    'generation.reserved',
    'generation.submitted',
    'generation.completed',
    'generation.failed',
    'generation.released',
    'generation.expired',
    'generation.late_result',
    'account.changed'
);

--
-- Name: TYPE account_event_type; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TYPE public.account_event_type IS 'What happened to an account.';

--
-- Name: generation_status; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.generation_status AS ENUM (
    'reserved',
    'processing',
    'completed',
    'failed',
    'released',
    'expired'
);

--
-- Name: TYPE generation_status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TYPE public.generation_status IS 'The states of a generation, unsettled ones first: what is greater than processing is settled.';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: profiles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.profiles (
    id uuid NOT NULL,
    email text,
    credits integer NOT NULL,
    last_generate_at timestamp with time zone,
    version bigint NOT NULL,
    closed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT credits_not_negative CHECK ((credits >= 0))
);

--
-- Name: TABLE profiles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.profiles IS 'One row per user: the balance and the account''s version. Its row lock is the one lock of everything of that user.';

--
-- Name: COLUMN profiles.credits; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.credits IS 'The balance. Always the sum of the account''s event deltas.';

--
-- Name: COLUMN profiles.last_generate_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.last_generate_at IS 'When the user was last charged for a generation: what rate limits are measured from. A refund does not reset it.';

--
-- Name: COLUMN profiles.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.version IS 'Number of the account''s newest event: the validity of cached reads and the cursor of the event stream.';

--
-- Name: COLUMN profiles.closed_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.closed_at IS 'When the auth user was deleted. A closed account takes no more writes.';

--
-- Name: append_event(uuid, public.account_event_type, integer, text, text, uuid, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.append_event(p_user_id uuid, p_type public.account_event_type, p_delta integer, p_reason text, p_actor text, p_generation_id uuid, p_at timestamp with time zone) RETURNS public.profiles
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

--
-- Name: begin_view(uuid, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.begin_view(p_user_id uuid, p_known text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
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

--
-- Name: broadcast(text, text, jsonb); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.broadcast(p_event text, p_topic text, p_payload jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    SET lock_timeout TO '100ms'
    AS $$
declare
  v_error text;
begin
  perform realtime.send(p_payload, p_event, p_topic, true);
exception
  -- Not query_canceled: who cancels the writer means the writer.
  when assert_failure or others then
    get stacked diagnostics v_error = message_text;
    raise warning 'edge-credits: an event was not broadcast: %', v_error;
end;
$$;

--
-- Name: broadcast_event(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.broadcast_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.broadcast(
    'account', 'account:' || new.user_id,
    jsonb_build_object(
      'user_id', new.user_id, 'epoch', (select epoch from private.settings), 'version', new.version, 'type', new.type,
      'delta', new.delta, 'balance', new.balance, 'reason', new.reason, 'actor', new.actor,
      'generation_id', new.generation_id, 'created_at', new.created_at
    )
  );
  return null;
end;
$$;

--
-- Name: broadcast_notification(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.broadcast_notification() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.broadcast('notification', 'topic:' || new.topic, to_jsonb(new));
  return null;
end;
$$;

--
-- Name: charge_generation(public.profiles, text, public.generation_status, jsonb, integer, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.charge_generation(p_profile public.profiles, p_type text, p_status public.generation_status, p_input jsonb, p_rate_limit_seconds integer, p_lease_seconds integer) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

--
-- Name: close_account(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.close_account(p_user_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

--
-- Name: compact_metrics(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.compact_metrics() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  with gone as (
    delete from private.worker_metrics
    where updated_at < clock_timestamp() - interval '1 hour' and worker <> '00000000-0000-0000-0000-000000000000'
    returning name, labels, value
  )
  insert into private.worker_metrics as m (worker, name, labels, value, updated_at)
  select '00000000-0000-0000-0000-000000000000', name, labels, sum(value), clock_timestamp()
  from gone
  where not private.is_gauge(name)
  group by name, labels
  on conflict (worker, name, labels) do update set value = m.value + excluded.value, updated_at = excluded.updated_at;
end;
$$;

--
-- Name: connect_realtime(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.connect_realtime() RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_error text;
begin
  if not (select realtime from private.settings) then
    drop trigger if exists zz_broadcast_event on public.account_events;
    drop trigger if exists zz_broadcast_notification on public.topic_notifications;
    return 'not connected: private.settings.realtime is off';
  end if;
  if to_regprocedure('realtime.send(jsonb,text,text,boolean)') is null then
    return 'not connected: there is no realtime.send';
  end if;
  begin
    drop policy if exists "edge-credits: users receive their own account" on realtime.messages;
    create policy "edge-credits: users receive their own account" on realtime.messages
      for select to authenticated using (
        extension = 'broadcast' and (select realtime.topic()) = 'account:' || (select auth.uid())
      );
    drop policy if exists "edge-credits: listeners receive their topics" on realtime.messages;
    create policy "edge-credits: listeners receive their topics" on realtime.messages
      for select to authenticated using (
        -- As far as the policy of topics shows them.
        extension = 'broadcast' and (select realtime.topic()) in (select 'topic:' || name from public.topics)
      );
    create or replace trigger zz_broadcast_event after insert on public.account_events
      for each row execute function private.broadcast_event();
    create or replace trigger zz_broadcast_notification after insert on public.topic_notifications
      for each row execute function private.broadcast_notification();
  exception
    when others then
      get stacked diagnostics v_error = message_text;
      raise notice 'edge-credits: Supabase Realtime is not connected (%). See docs/realtime.md', v_error;
      return 'not connected: ' || v_error;
  end;
  return 'connected';
end;
$$;

--
-- Name: FUNCTION connect_realtime(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.connect_realtime() IS 'Connects events with Supabase Realtime Broadcast, or disconnects them; can be run again. Answers what it did, or why it could not.';

--
-- Name: expire_batch(uuid[], timestamp with time zone, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.expire_batch(p_ids uuid[], p_due_before timestamp with time zone, p_actor text, OUT expired integer, OUT refunded bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

--
-- Name: expire_generations(uuid[], timestamp with time zone, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.expire_generations(p_ids uuid[], p_due_before timestamp with time zone, p_actor text, OUT expired integer, OUT refunded bigint, OUT failed integer) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

--
-- Name: follow_auth_user(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.follow_auth_user() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '5s'
    AS $$
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

--
-- Name: follow_realtime_setting(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.follow_realtime_setting() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  raise notice 'edge-credits: Supabase Realtime: %', private.connect_realtime();
  return null;
end;
$$;

--
-- Name: guard_direct_write(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.guard_direct_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

--
-- Name: is_gauge(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.is_gauge(p_name text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return p_name = 'edge_credits_streams_open';
end;
$$;

--
-- Name: keep_topic_numbers(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.keep_topic_numbers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if tg_op = 'DELETE' then
    insert into private.former_topics (name, version) values (old.name, old.version)
    on conflict (name) do update set version = greatest(private.former_topics.version, excluded.version);
    delete from private.idempotency_keys
    where user_id = '00000000-0000-0000-0000-000000000000' and operation = 'publish ' || old.name;
    return old;
  end if;
  new.version := coalesce((select version from private.former_topics where name = new.name), 0);
  return new;
end;
$$;

--
-- Name: lock_due_generations(timestamp with time zone, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.lock_due_generations(p_due_before timestamp with time zone, p_limit integer) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path TO ''
    SET enable_sort TO 'off'
    AS $$
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

--
-- Name: page(text, jsonb, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.page(p_name text, p_rows jsonb, p_limit integer) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  if jsonb_array_length(p_rows) <= p_limit then
    return jsonb_build_object(p_name, p_rows, 'next_before', null);
  end if;
  return jsonb_build_object(p_name, p_rows - p_limit, 'next_before', p_rows -> (p_limit - 1) -> 'version');
end;
$$;

--
-- Name: prepare_profile(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.prepare_profile() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

--
-- Name: profile_not_found(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.profile_not_found() RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return private.refusal('PROFILE_NOT_FOUND', 'This user has no account here, or it was closed');
end;
$$;

--
-- Name: refusal(text, text, record, jsonb); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.refusal(p_error text, p_message text, p_profile record DEFAULT NULL::record, p_fields jsonb DEFAULT '{}'::jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
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

--
-- Name: refuse_change(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  raise exception '% of % is not allowed: %', lower(tg_op), tg_table_name, tg_argv[0]
    using errcode = 'integrity_constraint_violation';
end;
$$;

--
-- Name: remember(uuid, text, text, jsonb, jsonb); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remember(p_user_id uuid, p_operation text, p_key text, p_request jsonb, p_response jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  insert into private.idempotency_keys (user_id, operation, key, request_hash, response)
  values (p_user_id, p_operation, p_key, sha256(convert_to(p_request::text, 'UTF8')), p_response);
end;
$$;

--
-- Name: replay(public.profiles, text, text, jsonb); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.replay(p_profile public.profiles, p_operation text, p_key text, p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $_$
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
$_$;

--
-- Name: schedule_jobs(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.schedule_jobs() RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $_$
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
$_$;

--
-- Name: FUNCTION schedule_jobs(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.schedule_jobs() IS 'Schedules the sweeper with pg_cron; can be run again. Answers what it did, or why it could not.';

--
-- Name: settle_generation(uuid, public.generation_status, public.generation_status, integer, text, text, uuid, boolean); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.settle_generation(p_generation_id uuid, p_up_to public.generation_status, p_to public.generation_status, p_refund integer, p_reason text, p_actor text, p_lease_token uuid DEFAULT NULL::uuid, p_any_lease boolean DEFAULT false) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

--
-- Name: success(public.profiles, jsonb); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.success(p_profile public.profiles, p_fields jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return jsonb_build_object(
    'success', true,
    'credits', p_profile.credits,
    'version', p_profile.version,
    'epoch', (select epoch from private.settings)
  ) || p_fields;
end;
$$;

--
-- Name: trim_notifications(integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.trim_notifications(p_limit integer DEFAULT 10000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_trimmed integer;
begin
  delete from public.topic_notifications
  where (topic, id) in (
    -- Only the oldest are looked at: by id and by time, the order is the same, that of the lock.
    select n.topic, n.id
    from public.topics t
    cross join lateral (
      select topic, id, created_at
      from public.topic_notifications
      where topic = t.name
        -- Asked once for each topic, so that one with nothing to trim costs one row.
        and (select o.created_at from public.topic_notifications o where o.topic = t.name order by o.id limit 1)
          < clock_timestamp() - make_interval(days => t.retention_days)
      order by id
      limit p_limit
    ) n
    where n.created_at < clock_timestamp() - make_interval(days => t.retention_days)
    limit p_limit
  );
  get diagnostics v_trimmed = row_count;
  return v_trimmed;
end;
$$;

--
-- Name: view_is_done(jsonb); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.view_is_done(p_head jsonb) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return p_head ? 'error' or p_head ? 'unchanged';
end;
$$;

--
-- Name: write_opening_event(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.write_opening_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into public.account_events (user_id, version, type, delta, balance, reason, actor, created_at)
  values (new.id, 1, 'account.opened', new.credits, new.credits, 'signup_grant', 'system', clock_timestamp());
  return null;
end;
$$;

--
-- Name: generation_jobs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.generation_jobs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    status public.generation_status NOT NULL,
    cost integer NOT NULL,
    refunded integer DEFAULT 0 NOT NULL,
    refund_on_failure boolean NOT NULL,
    input jsonb,
    error text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    deadline_at timestamp with time zone,
    finished_at timestamp with time zone,
    refunded_at timestamp with time zone,
    late_result_at timestamp with time zone,
    lease_token uuid,
    lease_expires_at timestamp with time zone,
    CONSTRAINT finished_at_matches_status CHECK (((finished_at IS NULL) = (status <= 'processing'::public.generation_status))),
    CONSTRAINT processing_has_a_deadline CHECK (((status <> 'processing'::public.generation_status) OR (deadline_at IS NOT NULL))),
    CONSTRAINT refund_not_above_cost CHECK (((refunded >= 0) AND (refunded <= cost))),
    CONSTRAINT refunded_at_matches_status CHECK ((((refunded_at IS NULL) = (refunded = 0)) AND ((refunded = 0) OR (status > 'processing'::public.generation_status)))),
    CONSTRAINT refunded_matches_status CHECK (((status < 'released'::public.generation_status) OR (refunded = cost)))
);

--
-- Name: TABLE generation_jobs; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.generation_jobs IS 'One row per generation, which is the hold on its credits. docs/database.md draws its states.';

--
-- Name: COLUMN generation_jobs.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_jobs.version IS 'The account''s version at which it was made: its place in the account''s list. Adopted rows have 0, -1, -2, ….';

--
-- Name: COLUMN generation_jobs.cost; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_jobs.cost IS 'Credits taken when it was made.';

--
-- Name: COLUMN generation_jobs.refunded; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_jobs.refunded IS 'Credits of the cost that came back; at most once, when it was settled.';

--
-- Name: COLUMN generation_jobs.refund_on_failure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_jobs.refund_on_failure IS 'As the type said when it was charged: a later change of the price list does not reach it.';

--
-- Name: COLUMN generation_jobs.error; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_jobs.error IS 'Why it failed or expired, as the code that the ledger has for it.';

--
-- Name: COLUMN generation_jobs.deadline_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_jobs.deadline_at IS 'When the sweeper expires it: of a reservation its end (null: never), of a submitted one its timeout.';

--
-- Name: COLUMN generation_jobs.late_result_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_jobs.late_result_at IS 'When a result came after it had been settled; it was refused.';

--
-- Name: COLUMN generation_jobs.lease_token; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_jobs.lease_token IS 'Held by the one worker that may complete or fail it, which takes the service role; null: no worker needs one.';

--
-- Name: COLUMN generation_jobs.lease_expires_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_jobs.lease_expires_at IS 'Extended by the worker''s heartbeat; once it has passed, the sweeper takes the worker for dead. Null: no worker is waited for.';

--
-- Name: wrong_state(public.profiles, public.generation_jobs); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.wrong_state(p_profile public.profiles, p_job public.generation_jobs) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
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

--
-- Name: complete_generation(uuid, jsonb, integer, uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.complete_generation(p_generation_id uuid, p_result jsonb DEFAULT NULL::jsonb, p_cost integer DEFAULT NULL::integer, p_lease_token uuid DEFAULT NULL::uuid, p_idempotency_key text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION complete_generation(p_generation_id uuid, p_result jsonb, p_cost integer, p_lease_token uuid, p_idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.complete_generation(p_generation_id uuid, p_result jsonb, p_cost integer, p_lease_token uuid, p_idempotency_key text) IS 'Settles a generation that succeeded; what it cost less than was charged comes back.';

--
-- Name: deduct_credit_atomic(uuid, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.deduct_credit_atomic(p_user_id uuid, p_rate_limit_seconds integer) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
begin
  return public.reserve_generation(p_user_id, p_rate_limit_seconds => p_rate_limit_seconds);
end;
$$;

--
-- Name: FUNCTION deduct_credit_atomic(p_user_id uuid, p_rate_limit_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.deduct_credit_atomic(p_user_id uuid, p_rate_limit_seconds integer) IS 'Reserves one generation of the default type.';

--
-- Name: expire_overdue_generations(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.expire_overdue_generations(p_user_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION expire_overdue_generations(p_user_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.expire_overdue_generations(p_user_id uuid) IS 'Expires and refunds what of one account is overdue, without waiting: for reads that meet it.';

--
-- Name: extend_lease(uuid, uuid, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.extend_lease(p_generation_id uuid, p_lease_token uuid, p_lease_seconds integer) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION extend_lease(p_generation_id uuid, p_lease_token uuid, p_lease_seconds integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.extend_lease(p_generation_id uuid, p_lease_token uuid, p_lease_seconds integer) IS 'A worker''s heartbeat.';

--
-- Name: fail_generation(uuid, text, uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.fail_generation(p_generation_id uuid, p_reason text DEFAULT 'failed'::text, p_lease_token uuid DEFAULT NULL::uuid, p_idempotency_key text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION fail_generation(p_generation_id uuid, p_reason text, p_lease_token uuid, p_idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.fail_generation(p_generation_id uuid, p_reason text, p_lease_token uuid, p_idempotency_key text) IS 'Settles a generation that failed; the cost comes back, unless its type keeps the charge.';

--
-- Name: get_account(uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.get_account(p_user_id uuid, p_known text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET statement_timeout TO '5s'
    AS $$
declare
  v_head constant jsonb := private.begin_view(p_user_id, p_known);
begin
  if private.view_is_done(v_head) then
    return v_head;
  end if;
  return v_head || (select jsonb_build_object('last_generate_at', last_generate_at) from public.profiles where id = p_user_id);
end;
$$;

--
-- Name: FUNCTION get_account(p_user_id uuid, p_known text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.get_account(p_user_id uuid, p_known text) IS 'The balance and version of one account.';

--
-- Name: get_account_history(uuid, bigint, integer, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.get_account_history(p_user_id uuid, p_before bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 50, p_known text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION get_account_history(p_user_id uuid, p_before bigint, p_limit integer, p_known text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.get_account_history(p_user_id uuid, p_before bigint, p_limit integer, p_known text) IS 'Credit changes of one account, newest first.';

--
-- Name: get_generation(uuid, uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.get_generation(p_user_id uuid, p_generation_id uuid, p_known text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION get_generation(p_user_id uuid, p_generation_id uuid, p_known text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.get_generation(p_user_id uuid, p_generation_id uuid, p_known text) IS 'One generation of an account, with input and result.';

--
-- Name: get_generation_types(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.get_generation_types() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION get_generation_types(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.get_generation_types() IS 'The price list.';

--
-- Name: get_generations(uuid, bigint, integer, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.get_generations(p_user_id uuid, p_before bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 50, p_known text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION get_generations(p_user_id uuid, p_before bigint, p_limit integer, p_known text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.get_generations(p_user_id uuid, p_before bigint, p_limit integer, p_known text) IS 'Generations of one account, newest first.';

--
-- Name: get_health(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.get_health() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET statement_timeout TO '30s'
    AS $$
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

--
-- Name: FUNCTION get_health(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.get_health() IS 'Whether the invariants hold, each as a count of what breaks it.';

--
-- Name: get_metrics(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.get_metrics() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET statement_timeout TO '30s'
    AS $$
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

--
-- Name: FUNCTION get_metrics(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.get_metrics() IS 'Everything that is counted, summed over the workers.';

--
-- Name: get_preferences(uuid, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.get_preferences(p_user_id uuid, p_topic text, p_known text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET statement_timeout TO '5s'
    AS $$
declare
  v_head constant jsonb := private.begin_view(p_user_id, p_known);
  v_preferences jsonb;
begin
  if v_head ? 'error' then
    return v_head;
  end if;
  -- First: that a topic is gone moves nobody's version.
  if not exists (select from public.topics where name = p_topic) then
    return (v_head - '{overdue,unchanged}'::text[])
      || private.refusal('UNKNOWN_TOPIC', format('There is no topic %s', p_topic));
  end if;
  if v_head ? 'unchanged' then
    return v_head;
  end if;
  select jsonb_build_object('muted', muted, 'min_interval_seconds', min_interval_seconds) into v_preferences
  from public.topic_preferences
  where user_id = p_user_id and topic = p_topic;
  return v_head || coalesce(v_preferences, '{"muted": false, "min_interval_seconds": 0}') || jsonb_build_object('topic', p_topic);
end;
$$;

--
-- Name: FUNCTION get_preferences(p_user_id uuid, p_topic text, p_known text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.get_preferences(p_user_id uuid, p_topic text, p_known text) IS 'What a user wants of a topic.';

--
-- Name: grant_credits(uuid, integer, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.grant_credits(p_user_id uuid, p_amount integer, p_reason text, p_idempotency_key text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION grant_credits(p_user_id uuid, p_amount integer, p_reason text, p_idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.grant_credits(p_user_id uuid, p_amount integer, p_reason text, p_idempotency_key text) IS 'Grants credits, or takes some away, with a reason.';

--
-- Name: hand_over_generation(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hand_over_generation(p_generation_id uuid, p_lease_token uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION hand_over_generation(p_generation_id uuid, p_lease_token uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.hand_over_generation(p_generation_id uuid, p_lease_token uuid) IS 'Ends a worker''s lease on a generation that its provider will call back for; its deadline stays.';

--
-- Name: open_account(uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.open_account(p_user_id uuid, p_email text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION open_account(p_user_id uuid, p_email text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.open_account(p_user_id uuid, p_email text) IS 'Opens an account with the signup grant, for users of a third-party issuer.';

--
-- Name: open_stream(uuid, text[], boolean); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.open_stream(p_user_id uuid, p_topics text[] DEFAULT '{}'::text[], p_with_newest boolean DEFAULT true) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET statement_timeout TO '5s'
    AS $$
declare
  c_max_bytes constant integer := 65536; -- of one topic's payloads: a worker has many listeners and little memory
  v_head constant jsonb := private.begin_view(p_user_id, null);
  v_unknown text;
  v_topics jsonb;
begin
  if private.view_is_done(v_head) then
    return v_head;
  end if;
  select asked.name into v_unknown
  from unnest(p_topics) asked (name)
  where not exists (select from public.topics t where t.name = asked.name)
  limit 1;
  if found then
    return private.refusal('UNKNOWN_TOPIC', format('There is no topic %s', v_unknown));
  end if;
  select jsonb_object_agg(t.name, jsonb_build_object(
    'version', t.version,
    'rule', jsonb_build_object('audience', t.audience, 'owner_id', t.owner_id, 'role', t.role),
    'preferences', jsonb_build_object(
      'muted', coalesce(p.muted, false), 'min_interval_seconds', coalesce(p.min_interval_seconds, 0)
    ),
    'newest', (
      select coalesce(jsonb_agg(to_jsonb(n) order by n.id), '[]')
      from (
        select topic, id, kind, subject, status, payload, created_at
        from (
          select *, sum(octet_length(payload::text)) over (order by id desc) - octet_length(payload::text) as bytes_before
          from public.topic_notifications
          where topic = t.name
          order by id desc
          limit case when p_with_newest then (select newest_notifications from private.settings) else 0 end
        ) newest
        where bytes_before < c_max_bytes
      ) n
    )
  ))
  into v_topics
  from public.topics t
  left join public.topic_preferences p on p.user_id = p_user_id and p.topic = t.name
  where t.name = any (p_topics);
  return (v_head - 'overdue')
    || jsonb_build_object('topics', coalesce(v_topics, '{}'))
    || (select jsonb_build_object('last_generate_at', last_generate_at) from public.profiles where id = p_user_id);
end;
$$;

--
-- Name: FUNCTION open_stream(p_user_id uuid, p_topics text[], p_with_newest boolean); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.open_stream(p_user_id uuid, p_topics text[], p_with_newest boolean) IS 'Where an event stream begins: a snapshot of account and topics.';

--
-- Name: poll_events(uuid[], bigint[], text[], bigint[], integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.poll_events(p_users uuid[], p_versions bigint[], p_topics text[] DEFAULT '{}'::text[], p_ids bigint[] DEFAULT '{}'::bigint[], p_limit integer DEFAULT 200) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET statement_timeout TO '5s'
    AS $$
declare
  c_max_bytes constant integer := 65536; -- of one topic's payloads, and one more: a page may be short of p_limit
begin
  return jsonb_build_object(
    'success', true,
    'epoch', (select epoch from private.settings),
    'accounts', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'user_id', known.user_id,
        'version', p.version,
        'events', (
          select coalesce(jsonb_agg(to_jsonb(e) order by e.version), '[]')
          from (
            select version, type, delta, balance, reason, actor, generation_id, created_at
            from public.account_events
            where user_id = known.user_id and version > known.version
            order by version
            limit p_limit
          ) e
        )
      )), '[]')
      from unnest(p_users, p_versions) known (user_id, version)
      join public.profiles p on p.id = known.user_id and p.version <> known.version
    ),
    'topics', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'name', t.name,
        'version', t.version,
        'rule', jsonb_build_object('audience', t.audience, 'owner_id', t.owner_id, 'role', t.role),
        'notifications', case
          when t.version = known.id then '[]'
          else (
            select coalesce(jsonb_agg(to_jsonb(n) order by n.id), '[]')
            from (
              select topic, id, kind, subject, status, payload, created_at
              from (
                select *, sum(octet_length(payload::text)) over (order by id) - octet_length(payload::text) as bytes_before
                from public.topic_notifications
                where topic = t.name and id > known.id
                order by id
                limit p_limit
              ) next
              where bytes_before < c_max_bytes
            ) n
          )
        end
      )), '[]')
      from unnest(p_topics, p_ids) known (name, id)
      join public.topics t on t.name = known.name
    )
  );
end;
$$;

--
-- Name: FUNCTION poll_events(p_users uuid[], p_versions bigint[], p_topics text[], p_ids bigint[], p_limit integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.poll_events(p_users uuid[], p_versions bigint[], p_topics text[], p_ids bigint[], p_limit integer) IS 'What came after, for all event streams of a worker at once.';

--
-- Name: publish_notification(text, text, text, text, jsonb, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.publish_notification(p_topic text, p_kind text, p_subject text, p_status text, p_payload jsonb DEFAULT '{}'::jsonb, p_idempotency_key text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '5s'
    SET statement_timeout TO '10s'
    AS $$
declare
  c_max_length constant integer := 200; -- of what an index has to hold
  c_max_payload_bytes constant integer := 32768;
  v_request constant jsonb := jsonb_build_object(
    'kind', p_kind, 'subject', p_subject, 'status', p_status, 'payload', p_payload
  );
  v_nobody public.profiles; -- keys of a topic are nobody's: they lie under the nil UUID
  v_topic public.topics;
  v_latest public.topic_notifications;
  v_now timestamptz;
  v_answer jsonb;
begin
  if p_kind is null or p_kind = '' or p_subject is null or p_subject = '' or p_status is null or p_status = '' then
    return private.refusal('INVALID_REQUEST', 'A notification has a kind, a subject and a status');
  end if;
  if length(p_kind) > c_max_length or length(p_subject) > c_max_length or length(p_status) > c_max_length then
    return private.refusal('INVALID_REQUEST', format('Kind, subject and status are at most %s characters', c_max_length));
  end if;
  if octet_length(coalesce(p_payload, '{}')::text) > c_max_payload_bytes then
    return private.refusal('INVALID_REQUEST', format('A payload is at most %s bytes', c_max_payload_bytes));
  end if;
  select * into v_topic from public.topics where name = p_topic for no key update;
  if not found then
    return private.refusal('UNKNOWN_TOPIC', format('There is no topic %s', p_topic));
  end if;
  if p_idempotency_key is not null then
    v_nobody.id := '00000000-0000-0000-0000-000000000000';
    v_answer := private.replay(v_nobody, 'publish ' || p_topic, p_idempotency_key, v_request);
    if v_answer is not null then
      return v_answer - '{credits,version,epoch}'::text[];
    end if;
  end if;

  v_now := clock_timestamp();
  select * into v_latest
  from public.topic_notifications
  where topic = p_topic and subject = p_subject
  order by id desc
  limit 1;
  if v_latest.status = p_status and v_latest.created_at > v_now - make_interval(secs => v_topic.dedup_seconds::float8) then
    v_answer := jsonb_build_object('success', true, 'published', false, 'id', v_latest.id);
  else
    update public.topics set version = version + 1 where name = p_topic returning * into strict v_topic;
    insert into public.topic_notifications (topic, id, kind, subject, status, payload, created_at)
    values (p_topic, v_topic.version, p_kind, p_subject, p_status, coalesce(p_payload, '{}'), v_now);
    v_answer := jsonb_build_object('success', true, 'published', true, 'id', v_topic.version);
  end if;
  if p_idempotency_key is not null then
    perform private.remember(v_nobody.id, 'publish ' || p_topic, p_idempotency_key, v_request, v_answer);
  end if;
  return v_answer;
end;
$$;

--
-- Name: FUNCTION publish_notification(p_topic text, p_kind text, p_subject text, p_status text, p_payload jsonb, p_idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.publish_notification(p_topic text, p_kind text, p_subject text, p_status text, p_payload jsonb, p_idempotency_key text) IS 'Publishes a notification on a topic, in the caller''s transaction; duplicates are dropped.';

--
-- Name: record_change(uuid, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.record_change(p_user_id uuid, p_reason text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION record_change(p_user_id uuid, p_reason text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.record_change(p_user_id uuid, p_reason text) IS 'Moves an account''s version with a change that a view of the app''s own reads, in the same transaction.';

--
-- Name: record_metrics(uuid, jsonb); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.record_metrics(p_worker uuid, p_metrics jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
begin
  insert into private.worker_metrics (worker, name, labels, value, updated_at)
  select p_worker, m.name, m.labels, m.value, clock_timestamp()
  from jsonb_to_recordset(p_metrics) m (name text, labels jsonb, value double precision)
  on conflict (worker, name, labels) do update set value = excluded.value, updated_at = excluded.updated_at;
  return jsonb_build_object('success', true);
end;
$$;

--
-- Name: FUNCTION record_metrics(p_worker uuid, p_metrics jsonb); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.record_metrics(p_worker uuid, p_metrics jsonb) IS 'A worker tells what it has counted since it began.';

--
-- Name: refund_credit_atomic(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refund_credit_atomic(p_user_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
begin
  if p_user_id is null then
    return private.profile_not_found();
  end if;
  return public.release_generation(p_user_id);
end;
$$;

--
-- Name: FUNCTION refund_credit_atomic(p_user_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.refund_credit_atomic(p_user_id uuid) IS 'Releases the user''s newest reservation.';

--
-- Name: refund_stuck_generations(integer, bigint); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refund_stuck_generations(p_limit integer DEFAULT 500, p_run bigint DEFAULT NULL::bigint) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '60s'
    AS $$
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

--
-- Name: FUNCTION refund_stuck_generations(p_limit integer, p_run bigint); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.refund_stuck_generations(p_limit integer, p_run bigint) IS 'The sweeper: a batch of generations whose deadline or lease has passed is expired and refunded.';

--
-- Name: release_generation(uuid, uuid, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.release_generation(p_user_id uuid, p_generation_id uuid DEFAULT NULL::uuid, p_reason text DEFAULT NULL::text, p_idempotency_key text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION release_generation(p_user_id uuid, p_generation_id uuid, p_reason text, p_idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.release_generation(p_user_id uuid, p_generation_id uuid, p_reason text, p_idempotency_key text) IS 'Gives a hold back: a user''s own reservation, or, with p_user_id null, any unsettled generation by an operator.';

--
-- Name: reserve_generation(uuid, text, integer, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.reserve_generation(p_user_id uuid, p_type text DEFAULT NULL::text, p_rate_limit_seconds integer DEFAULT NULL::integer, p_idempotency_key text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION reserve_generation(p_user_id uuid, p_type text, p_rate_limit_seconds integer, p_idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.reserve_generation(p_user_id uuid, p_type text, p_rate_limit_seconds integer, p_idempotency_key text) IS 'Takes the cost of one generation, for a submission that follows.';

--
-- Name: rotate_epoch(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.rotate_epoch() RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    AS $$
declare
  v_epoch bigint;
begin
  update private.settings
  set epoch = greatest(epoch + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint)
  returning epoch into v_epoch;
  return jsonb_build_object('success', true, 'epoch', v_epoch);
end;
$$;

--
-- Name: FUNCTION rotate_epoch(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.rotate_epoch() IS 'Starts a new epoch, after a restore from a backup. Answers {success, epoch}.';

--
-- Name: set_preferences(uuid, text, boolean, integer, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.set_preferences(p_user_id uuid, p_topic text, p_muted boolean, p_min_interval_seconds integer, p_idempotency_key text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
declare
  v_request constant jsonb := jsonb_build_object(
    'topic', p_topic, 'muted', p_muted, 'min_interval_seconds', p_min_interval_seconds
  );
  v_profile public.profiles;
  v_answer jsonb;
begin
  if p_muted is null or p_min_interval_seconds is null or p_min_interval_seconds not between 0 and 86400 then
    return private.refusal('INVALID_REQUEST', 'Preferences are muted, and min_interval_seconds from 0 to 86400');
  end if;
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null for no key update;
  if not found then
    return private.profile_not_found();
  end if;
  if p_idempotency_key is not null then
    v_answer := private.replay(v_profile, 'preferences', p_idempotency_key, v_request);
    if v_answer is not null then
      return v_answer;
    end if;
  end if;
  if not exists (select from public.topics where name = p_topic) then
    return private.refusal('UNKNOWN_TOPIC', format('There is no topic %s', p_topic), v_profile);
  end if;

  insert into public.topic_preferences (user_id, topic, muted, min_interval_seconds, updated_at)
  values (p_user_id, p_topic, p_muted, p_min_interval_seconds, clock_timestamp())
  on conflict (user_id, topic) do update
  set muted = excluded.muted, min_interval_seconds = excluded.min_interval_seconds, updated_at = excluded.updated_at;
  v_profile := private.append_event(
    p_user_id, 'account.changed', 0, 'notification_preferences', 'user', null, clock_timestamp()
  );
  v_answer := private.success(v_profile, v_request);
  if p_idempotency_key is not null then
    perform private.remember(p_user_id, 'preferences', p_idempotency_key, v_request, v_answer);
  end if;
  return v_answer;
end;
$$;

--
-- Name: FUNCTION set_preferences(p_user_id uuid, p_topic text, p_muted boolean, p_min_interval_seconds integer, p_idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.set_preferences(p_user_id uuid, p_topic text, p_muted boolean, p_min_interval_seconds integer, p_idempotency_key text) IS 'Sets what a user wants of a topic.';

--
-- Name: submit_generation(uuid, text, jsonb, uuid, integer, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.submit_generation(p_user_id uuid, p_type text DEFAULT NULL::text, p_input jsonb DEFAULT NULL::jsonb, p_generation_id uuid DEFAULT NULL::uuid, p_lease_seconds integer DEFAULT NULL::integer, p_idempotency_key text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    SET statement_timeout TO '5s'
    AS $$
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

--
-- Name: FUNCTION submit_generation(p_user_id uuid, p_type text, p_input jsonb, p_generation_id uuid, p_lease_seconds integer, p_idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.submit_generation(p_user_id uuid, p_type text, p_input jsonb, p_generation_id uuid, p_lease_seconds integer, p_idempotency_key text) IS 'Starts a generation: the reservation named, the newest of the type, or a new one charged in the same step.';

--
-- Name: adoption_findings; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.adoption_findings (
    id bigint NOT NULL,
    table_name text NOT NULL,
    row_id text,
    finding text NOT NULL,
    original jsonb,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

--
-- Name: TABLE adoption_findings; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.adoption_findings IS 'What the adoption of existing tables changed, and the values as they were. Empty on a new database.';

--
-- Name: adoption_findings_id_seq; Type: SEQUENCE; Schema: private; Owner: -
--

ALTER TABLE private.adoption_findings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.adoption_findings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: former_topics; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.former_topics (
    name text NOT NULL,
    version bigint NOT NULL
);

--
-- Name: TABLE former_topics; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.former_topics IS 'How far topics had come that were deleted: one of the same name goes on from there.';

--
-- Name: idempotency_keys; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.idempotency_keys (
    user_id uuid NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    response jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT key_is_well_formed CHECK ((key ~ '^[A-Za-z0-9_:.-]{1,255}$'::text))
);

--
-- Name: TABLE idempotency_keys; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.idempotency_keys IS 'First answers by user, operation and key, written in the transaction that they tell of.';

--
-- Name: settings; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.settings (
    singleton boolean DEFAULT true NOT NULL,
    epoch bigint DEFAULT ((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint NOT NULL,
    default_type text DEFAULT 'image'::text NOT NULL,
    signup_credits integer DEFAULT 10 NOT NULL,
    anonymous_signup_credits integer DEFAULT 0 NOT NULL,
    direct_writes text DEFAULT 'refuse'::text NOT NULL,
    newest_notifications integer DEFAULT 50 NOT NULL,
    realtime boolean DEFAULT true NOT NULL,
    CONSTRAINT anonymous_signup_credits_not_negative CHECK ((anonymous_signup_credits >= 0)),
    CONSTRAINT direct_writes_is_valid CHECK ((direct_writes = ANY (ARRAY['refuse'::text, 'record'::text]))),
    CONSTRAINT epoch_is_positive CHECK ((epoch > 0)),
    CONSTRAINT newest_notifications_is_bounded CHECK (((newest_notifications >= 0) AND (newest_notifications <= 500))),
    CONSTRAINT settings_is_one_row CHECK (singleton),
    CONSTRAINT signup_credits_not_negative CHECK ((signup_credits >= 0))
);

--
-- Name: TABLE settings; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.settings IS 'One row. Change it with update private.settings set …; every function reads it anew.';

--
-- Name: COLUMN settings.epoch; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.epoch IS 'Unix milliseconds of the last rotate_epoch(). Versions compare within an epoch; the greater epoch wins.';

--
-- Name: COLUMN settings.default_type; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.default_type IS 'The generation type that is meant where a request names none.';

--
-- Name: COLUMN settings.signup_credits; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.signup_credits IS 'Credits that a new account opens with.';

--
-- Name: COLUMN settings.anonymous_signup_credits; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.anonymous_signup_credits IS 'Credits that the account of an anonymous sign-in opens with; the rest follows when it becomes permanent.';

--
-- Name: COLUMN settings.direct_writes; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.direct_writes IS 'What happens to update profiles set credits = …: refuse raises; record lets it pass as a credit.adjusted event.';

--
-- Name: COLUMN settings.newest_notifications; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.newest_notifications IS 'How many of a topic''s notifications, the newest, a listener gets who just arrives.';

--
-- Name: COLUMN settings.realtime; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.realtime IS 'Whether events go out by Supabase Realtime, too, where it is. Setting it connects or disconnects.';

--
-- Name: sweep_failures; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.sweep_failures (
    generation_id uuid NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    first_failed_at timestamp with time zone NOT NULL,
    last_failed_at timestamp with time zone NOT NULL,
    retry_at timestamp with time zone NOT NULL,
    error text NOT NULL
);

--
-- Name: TABLE sweep_failures; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.sweep_failures IS 'Generations that the sweeper could not expire, with the database''s own message. health reports them until they are settled.';

--
-- Name: COLUMN sweep_failures.retry_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.sweep_failures.retry_at IS 'Not before: a minute after the first failure, twice as long after each, an hour at most; so that it keeps no other from its turn.';

--
-- Name: sweep_runs; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.sweep_runs (
    id bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    batches integer NOT NULL,
    expired integer NOT NULL,
    refunded bigint NOT NULL,
    failed integer NOT NULL,
    CONSTRAINT finished_after_it_started CHECK ((finished_at >= started_at))
);

--
-- Name: TABLE sweep_runs; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.sweep_runs IS 'One row per run of the sweeper: when, how much, how long. Kept for 7 days. No new one for 3 minutes is unhealthy.';

--
-- Name: COLUMN sweep_runs.finished_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.sweep_runs.finished_at IS 'When its last batch was done. A batch that is cut off leaves no trace here.';

--
-- Name: COLUMN sweep_runs.expired; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.sweep_runs.expired IS 'Generations that it expired.';

--
-- Name: COLUMN sweep_runs.refunded; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.sweep_runs.refunded IS 'Credits that came back.';

--
-- Name: COLUMN sweep_runs.failed; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.sweep_runs.failed IS 'Generations that it could not expire: private.sweep_failures says why.';

--
-- Name: sweep_runs_id_seq; Type: SEQUENCE; Schema: private; Owner: -
--

ALTER TABLE private.sweep_runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.sweep_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: sweep_totals; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.sweep_totals (
    singleton boolean DEFAULT true NOT NULL,
    expired bigint DEFAULT 0 NOT NULL,
    refunded bigint DEFAULT 0 NOT NULL,
    CONSTRAINT sweep_totals_is_one_row CHECK (singleton)
);

--
-- Name: TABLE sweep_totals; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.sweep_totals IS 'One row: what the runs did that private.sweep_runs keeps no more.';

--
-- Name: worker_metrics; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.worker_metrics (
    worker uuid NOT NULL,
    name text NOT NULL,
    labels jsonb NOT NULL,
    value double precision NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

--
-- Name: TABLE worker_metrics; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.worker_metrics IS 'Totals by worker since it began, written by itself. Those of workers that are long gone are added up under the nil UUID.';

--
-- Name: account_events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.account_events (
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    type public.account_event_type NOT NULL,
    delta integer NOT NULL,
    balance integer NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    generation_id uuid,
    created_at timestamp with time zone NOT NULL
);

--
-- Name: TABLE account_events; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.account_events IS 'The ledger: append-only, one row per event, gap-free and in commit order. The sum of deltas is the balance, always.';

--
-- Name: COLUMN account_events.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.account_events.version IS 'The account''s version after the event.';

--
-- Name: COLUMN account_events.delta; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.account_events.delta IS 'Credits: negative for a charge, positive for a grant or a refund, 0 otherwise.';

--
-- Name: COLUMN account_events.balance; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.account_events.balance IS 'The balance after the event.';

--
-- Name: COLUMN account_events.reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.account_events.reason IS 'Why, as a code or in an operator''s words.';

--
-- Name: COLUMN account_events.actor; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.account_events.actor IS 'Who: user, worker, operator, sweeper, system, or sql:<role> for a direct write.';

--
-- Name: generation_results; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.generation_results (
    generation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    result jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

--
-- Name: TABLE generation_results; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.generation_results IS 'What a generation gave; apart from generation_jobs, so that lists stay light.';

--
-- Name: generation_types; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.generation_types (
    slug text NOT NULL,
    cost integer NOT NULL,
    rate_limit_seconds integer DEFAULT 0 NOT NULL,
    timeout_seconds integer DEFAULT 1800 NOT NULL,
    reservation_seconds integer DEFAULT 1800,
    refund_on_failure boolean DEFAULT true NOT NULL,
    provider text DEFAULT 'images'::text NOT NULL,
    provider_options jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT cost_is_positive CHECK (((cost >= 1) AND (cost <= 1000000))),
    CONSTRAINT provider_is_a_name CHECK ((provider ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT provider_options_is_an_object CHECK ((jsonb_typeof(provider_options) = 'object'::text)),
    CONSTRAINT rate_limit_not_negative CHECK (((rate_limit_seconds >= 0) AND (rate_limit_seconds <= 86400))),
    CONSTRAINT reservation_is_positive CHECK ((reservation_seconds > 0)),
    CONSTRAINT slug_is_a_name CHECK ((slug ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT timeout_is_positive CHECK (((timeout_seconds >= 1) AND (timeout_seconds <= 86400)))
);

--
-- Name: TABLE generation_types; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.generation_types IS 'The price list: what a generation of each type costs, and its limits.';

--
-- Name: COLUMN generation_types.cost; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_types.cost IS 'Credits taken when a generation of this type is reserved.';

--
-- Name: COLUMN generation_types.rate_limit_seconds; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_types.rate_limit_seconds IS 'Seconds that must lie between the user''s last generation, of whatever type, and one of this type.';

--
-- Name: COLUMN generation_types.timeout_seconds; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_types.timeout_seconds IS 'Seconds after its submission at which an unfinished generation expires and is refunded.';

--
-- Name: COLUMN generation_types.reservation_seconds; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_types.reservation_seconds IS 'Seconds after which a reservation that nobody submitted comes back; null: it stands until submitted or released.';

--
-- Name: COLUMN generation_types.refund_on_failure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_types.refund_on_failure IS 'Whether a failed generation gives its credits back; false: charged on attempt. An expired one always does.';

--
-- Name: COLUMN generation_types.provider; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_types.provider IS 'The adapter that submit-generation works with: images, chat, callback, or one of the app''s own. docs/providers.md has them.';

--
-- Name: COLUMN generation_types.provider_options; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.generation_types.provider_options IS 'What the adapter is told beside the input, such as {"model": "…"}.';

--
-- Name: topic_notifications; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.topic_notifications (
    topic text NOT NULL,
    id bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    status text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL
);

--
-- Name: TABLE topic_notifications; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.topic_notifications IS 'Notifications by topic, numbered without a gap in commit order.';

--
-- Name: topic_preferences; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.topic_preferences (
    user_id uuid NOT NULL,
    topic text NOT NULL,
    muted boolean NOT NULL,
    min_interval_seconds integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT min_interval_not_negative CHECK (((min_interval_seconds >= 0) AND (min_interval_seconds <= 86400)))
);

--
-- Name: TABLE topic_preferences; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.topic_preferences IS 'What a user wants of a topic. No row: everything, at once. It outlives its topic: nothing but its user moves the version by which it is read.';

--
-- Name: COLUMN topic_preferences.min_interval_seconds; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topic_preferences.min_interval_seconds IS 'At most one notification in so many seconds, the newest; 0: all.';

--
-- Name: topics; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.topics (
    name text NOT NULL,
    audience text DEFAULT 'authenticated'::text NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    owner_id uuid,
    role text,
    dedup_seconds numeric DEFAULT 2 NOT NULL,
    retention_days integer DEFAULT 30 NOT NULL,
    CONSTRAINT audience_is_valid CHECK (
CASE audience
    WHEN 'authenticated'::text THEN ((owner_id IS NULL) AND (role IS NULL))
    WHEN 'owner'::text THEN ((owner_id IS NOT NULL) AND (role IS NULL))
    WHEN 'role'::text THEN ((owner_id IS NULL) AND (role IS NOT NULL))
    ELSE false
END),
    CONSTRAINT dedup_not_negative CHECK (((dedup_seconds >= (0)::numeric) AND (dedup_seconds <= (3600)::numeric))),
    CONSTRAINT name_is_a_topic CHECK (((name ~ '^[a-z0-9][a-z0-9_.-]{0,62}$'::text) AND (name <> 'account'::text))),
    CONSTRAINT retention_is_positive CHECK (((retention_days >= 1) AND (retention_days <= 3650)))
);

--
-- Name: TABLE topics; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.topics IS 'Topics that an app notifies its users of: a declared row each.';

--
-- Name: COLUMN topics.audience; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.audience IS 'Who may listen: authenticated, every signed-in user; owner, the user owner_id; role, users with that role claim.';

--
-- Name: COLUMN topics.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.version IS 'Number of its newest notification.';

--
-- Name: COLUMN topics.role; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.role IS 'What a listener''s token must have as user_role or, without one, as role in app_metadata.';

--
-- Name: COLUMN topics.dedup_seconds; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.dedup_seconds IS 'A notification is a duplicate when its subject''s newest one has the same status and is not older than this.';

--
-- Name: COLUMN topics.retention_days; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.retention_days IS 'How long notifications are kept; a client that was away longer is told to start anew.';

--
-- Name: adoption_findings adoption_findings_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.adoption_findings
    ADD CONSTRAINT adoption_findings_pkey PRIMARY KEY (id);

--
-- Name: former_topics former_topics_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.former_topics
    ADD CONSTRAINT former_topics_pkey PRIMARY KEY (name);

--
-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, operation, key);

--
-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (singleton);

--
-- Name: sweep_failures sweep_failures_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.sweep_failures
    ADD CONSTRAINT sweep_failures_pkey PRIMARY KEY (generation_id);

--
-- Name: sweep_runs sweep_runs_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.sweep_runs
    ADD CONSTRAINT sweep_runs_pkey PRIMARY KEY (id);

--
-- Name: sweep_totals sweep_totals_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.sweep_totals
    ADD CONSTRAINT sweep_totals_pkey PRIMARY KEY (singleton);

--
-- Name: worker_metrics worker_metrics_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.worker_metrics
    ADD CONSTRAINT worker_metrics_pkey PRIMARY KEY (worker, name, labels);

--
-- Name: account_events account_events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.account_events
    ADD CONSTRAINT account_events_pkey PRIMARY KEY (user_id, version);

--
-- Name: generation_jobs generation_jobs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.generation_jobs
    ADD CONSTRAINT generation_jobs_pkey PRIMARY KEY (id);

--
-- Name: generation_results generation_results_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.generation_results
    ADD CONSTRAINT generation_results_pkey PRIMARY KEY (generation_id);

--
-- Name: generation_types generation_types_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.generation_types
    ADD CONSTRAINT generation_types_pkey PRIMARY KEY (slug);

--
-- Name: profiles profiles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);

--
-- Name: topic_notifications topic_notifications_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.topic_notifications
    ADD CONSTRAINT topic_notifications_pkey PRIMARY KEY (topic, id);

--
-- Name: topic_preferences topic_preferences_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.topic_preferences
    ADD CONSTRAINT topic_preferences_pkey PRIMARY KEY (user_id, topic);

--
-- Name: topics topics_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.topics
    ADD CONSTRAINT topics_pkey PRIMARY KEY (name);

--
-- Name: account_events_refund_once; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX account_events_refund_once ON public.account_events USING btree (generation_id) WHERE (delta > 0);

--
-- Name: generation_jobs_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX generation_jobs_due ON public.generation_jobs USING btree (LEAST(deadline_at, lease_expires_at)) WHERE (finished_at IS NULL);

--
-- Name: generation_jobs_of_user; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX generation_jobs_of_user ON public.generation_jobs USING btree (user_id, version DESC);

--
-- Name: generation_jobs_unsettled; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX generation_jobs_unsettled ON public.generation_jobs USING btree (user_id, status, created_at DESC) WHERE (num_nulls(finished_at) = 1);

--
-- Name: generation_results_of_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX generation_results_of_user ON public.generation_results USING btree (user_id);

--
-- Name: topic_notifications_of_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX topic_notifications_of_subject ON public.topic_notifications USING btree (topic, subject, id DESC);

--
-- Name: settings follow_realtime_setting; Type: TRIGGER; Schema: private; Owner: -
--

CREATE TRIGGER follow_realtime_setting AFTER UPDATE ON private.settings FOR EACH ROW WHEN ((new.realtime <> old.realtime)) EXECUTE FUNCTION private.follow_realtime_setting();

--
-- Name: account_events append_only_rows; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.account_events FOR EACH ROW EXECUTE FUNCTION private.refuse_change('the ledger is append-only');

--
-- Name: account_events append_only_table; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.account_events FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change('the ledger is append-only');

--
-- Name: topics keep_topic_numbers; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_topic_numbers BEFORE INSERT OR DELETE ON public.topics FOR EACH ROW EXECUTE FUNCTION private.keep_topic_numbers();

--
-- Name: account_events zz_broadcast_event; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER zz_broadcast_event AFTER INSERT ON public.account_events FOR EACH ROW EXECUTE FUNCTION private.broadcast_event();

--
-- Name: topic_notifications zz_broadcast_notification; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER zz_broadcast_notification AFTER INSERT ON public.topic_notifications FOR EACH ROW EXECUTE FUNCTION private.broadcast_notification();

--
-- Name: profiles zz_guard_direct_write; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER zz_guard_direct_write BEFORE UPDATE ON public.profiles FOR EACH ROW WHEN ((new.version <> (old.version + 1))) EXECUTE FUNCTION private.guard_direct_write();

--
-- Name: profiles zz_keep_profile; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER zz_keep_profile BEFORE DELETE ON public.profiles FOR EACH ROW EXECUTE FUNCTION private.refuse_change('an account is closed by deleting its auth user, and kept');

--
-- Name: profiles zz_keep_profiles; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER zz_keep_profiles BEFORE TRUNCATE ON public.profiles FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change('accounts are kept');

--
-- Name: profiles zz_prepare_profile; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER zz_prepare_profile BEFORE INSERT ON public.profiles FOR EACH ROW EXECUTE FUNCTION private.prepare_profile();

--
-- Name: profiles zz_write_opening_event; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER zz_write_opening_event AFTER INSERT ON public.profiles FOR EACH ROW EXECUTE FUNCTION private.write_opening_event();

--
-- Name: topic_notifications notification_belongs_to_a_topic; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.topic_notifications
    ADD CONSTRAINT notification_belongs_to_a_topic FOREIGN KEY (topic) REFERENCES public.topics(name) ON DELETE CASCADE;

--
-- Name: generation_results result_belongs_to_a_generation; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.generation_results
    ADD CONSTRAINT result_belongs_to_a_generation FOREIGN KEY (generation_id) REFERENCES public.generation_jobs(id);

--
-- Name: adoption_findings; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.adoption_findings ENABLE ROW LEVEL SECURITY;

--
-- Name: former_topics; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.former_topics ENABLE ROW LEVEL SECURITY;

--
-- Name: idempotency_keys; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.idempotency_keys ENABLE ROW LEVEL SECURITY;

--
-- Name: settings; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.settings ENABLE ROW LEVEL SECURITY;

--
-- Name: sweep_failures; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.sweep_failures ENABLE ROW LEVEL SECURITY;

--
-- Name: sweep_runs; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.sweep_runs ENABLE ROW LEVEL SECURITY;

--
-- Name: sweep_totals; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.sweep_totals ENABLE ROW LEVEL SECURITY;

--
-- Name: worker_metrics; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.worker_metrics ENABLE ROW LEVEL SECURITY;

--
-- Name: account_events; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.account_events ENABLE ROW LEVEL SECURITY;

--
-- Name: topic_notifications edge-credits: listeners read their topics' notifications; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "edge-credits: listeners read their topics' notifications" ON public.topic_notifications FOR SELECT TO authenticated USING ((topic IN ( SELECT topics.name
   FROM public.topics)));

--
-- Name: topics edge-credits: listeners see their topics; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "edge-credits: listeners see their topics" ON public.topics FOR SELECT TO authenticated USING (
CASE audience
    WHEN 'authenticated'::text THEN true
    WHEN 'owner'::text THEN (owner_id = ( SELECT auth.uid() AS uid))
    ELSE (role = COALESCE((( SELECT auth.jwt() AS jwt) ->> 'user_role'::text), ((( SELECT auth.jwt() AS jwt) -> 'app_metadata'::text) ->> 'role'::text)))
END);

--
-- Name: account_events edge-credits: users read their own events; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "edge-credits: users read their own events" ON public.account_events FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) = user_id));

--
-- Name: generation_jobs edge-credits: users read their own generations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "edge-credits: users read their own generations" ON public.generation_jobs FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) = user_id));

--
-- Name: topic_preferences edge-credits: users read their own preferences; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "edge-credits: users read their own preferences" ON public.topic_preferences FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) = user_id));

--
-- Name: profiles edge-credits: users read their own profile; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "edge-credits: users read their own profile" ON public.profiles FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) = id));

--
-- Name: generation_results edge-credits: users read their own results; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "edge-credits: users read their own results" ON public.generation_results FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) = user_id));

--
-- Name: generation_jobs; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.generation_jobs ENABLE ROW LEVEL SECURITY;

--
-- Name: generation_results; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.generation_results ENABLE ROW LEVEL SECURITY;

--
-- Name: generation_types; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.generation_types ENABLE ROW LEVEL SECURITY;

--
-- Name: profiles; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;

--
-- Name: topic_notifications; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.topic_notifications ENABLE ROW LEVEL SECURITY;

--
-- Name: topic_preferences; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.topic_preferences ENABLE ROW LEVEL SECURITY;

--
-- Name: topics; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.topics ENABLE ROW LEVEL SECURITY;

--
-- Name: TABLE profiles; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.profiles TO authenticated;
GRANT SELECT ON TABLE public.profiles TO service_role;

--
-- Name: FUNCTION append_event(p_user_id uuid, p_type public.account_event_type, p_delta integer, p_reason text, p_actor text, p_generation_id uuid, p_at timestamp with time zone); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.append_event(p_user_id uuid, p_type public.account_event_type, p_delta integer, p_reason text, p_actor text, p_generation_id uuid, p_at timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION begin_view(p_user_id uuid, p_known text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.begin_view(p_user_id uuid, p_known text) FROM PUBLIC;

--
-- Name: FUNCTION broadcast(p_event text, p_topic text, p_payload jsonb); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.broadcast(p_event text, p_topic text, p_payload jsonb) FROM PUBLIC;

--
-- Name: FUNCTION broadcast_event(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.broadcast_event() FROM PUBLIC;

--
-- Name: FUNCTION broadcast_notification(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.broadcast_notification() FROM PUBLIC;

--
-- Name: FUNCTION charge_generation(p_profile public.profiles, p_type text, p_status public.generation_status, p_input jsonb, p_rate_limit_seconds integer, p_lease_seconds integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.charge_generation(p_profile public.profiles, p_type text, p_status public.generation_status, p_input jsonb, p_rate_limit_seconds integer, p_lease_seconds integer) FROM PUBLIC;

--
-- Name: FUNCTION close_account(p_user_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.close_account(p_user_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION compact_metrics(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.compact_metrics() FROM PUBLIC;

--
-- Name: FUNCTION connect_realtime(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.connect_realtime() FROM PUBLIC;

--
-- Name: FUNCTION expire_batch(p_ids uuid[], p_due_before timestamp with time zone, p_actor text, OUT expired integer, OUT refunded bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.expire_batch(p_ids uuid[], p_due_before timestamp with time zone, p_actor text, OUT expired integer, OUT refunded bigint) FROM PUBLIC;

--
-- Name: FUNCTION expire_generations(p_ids uuid[], p_due_before timestamp with time zone, p_actor text, OUT expired integer, OUT refunded bigint, OUT failed integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.expire_generations(p_ids uuid[], p_due_before timestamp with time zone, p_actor text, OUT expired integer, OUT refunded bigint, OUT failed integer) FROM PUBLIC;

--
-- Name: FUNCTION follow_auth_user(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.follow_auth_user() FROM PUBLIC;

--
-- Name: FUNCTION follow_realtime_setting(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.follow_realtime_setting() FROM PUBLIC;

--
-- Name: FUNCTION guard_direct_write(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.guard_direct_write() FROM PUBLIC;

--
-- Name: FUNCTION is_gauge(p_name text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.is_gauge(p_name text) FROM PUBLIC;

--
-- Name: FUNCTION keep_topic_numbers(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.keep_topic_numbers() FROM PUBLIC;

--
-- Name: FUNCTION lock_due_generations(p_due_before timestamp with time zone, p_limit integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.lock_due_generations(p_due_before timestamp with time zone, p_limit integer) FROM PUBLIC;

--
-- Name: FUNCTION page(p_name text, p_rows jsonb, p_limit integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.page(p_name text, p_rows jsonb, p_limit integer) FROM PUBLIC;

--
-- Name: FUNCTION prepare_profile(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.prepare_profile() FROM PUBLIC;

--
-- Name: FUNCTION profile_not_found(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.profile_not_found() FROM PUBLIC;

--
-- Name: FUNCTION refusal(p_error text, p_message text, p_profile record, p_fields jsonb); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.refusal(p_error text, p_message text, p_profile record, p_fields jsonb) FROM PUBLIC;

--
-- Name: FUNCTION refuse_change(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.refuse_change() FROM PUBLIC;

--
-- Name: FUNCTION remember(p_user_id uuid, p_operation text, p_key text, p_request jsonb, p_response jsonb); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remember(p_user_id uuid, p_operation text, p_key text, p_request jsonb, p_response jsonb) FROM PUBLIC;

--
-- Name: FUNCTION replay(p_profile public.profiles, p_operation text, p_key text, p_request jsonb); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.replay(p_profile public.profiles, p_operation text, p_key text, p_request jsonb) FROM PUBLIC;

--
-- Name: FUNCTION schedule_jobs(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.schedule_jobs() FROM PUBLIC;

--
-- Name: FUNCTION settle_generation(p_generation_id uuid, p_up_to public.generation_status, p_to public.generation_status, p_refund integer, p_reason text, p_actor text, p_lease_token uuid, p_any_lease boolean); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.settle_generation(p_generation_id uuid, p_up_to public.generation_status, p_to public.generation_status, p_refund integer, p_reason text, p_actor text, p_lease_token uuid, p_any_lease boolean) FROM PUBLIC;

--
-- Name: FUNCTION success(p_profile public.profiles, p_fields jsonb); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.success(p_profile public.profiles, p_fields jsonb) FROM PUBLIC;

--
-- Name: FUNCTION trim_notifications(p_limit integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.trim_notifications(p_limit integer) FROM PUBLIC;

--
-- Name: FUNCTION view_is_done(p_head jsonb); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.view_is_done(p_head jsonb) FROM PUBLIC;

--
-- Name: FUNCTION write_opening_event(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.write_opening_event() FROM PUBLIC;

--
-- Name: TABLE generation_jobs; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.generation_jobs TO authenticated;
GRANT SELECT ON TABLE public.generation_jobs TO service_role;

--
-- Name: FUNCTION wrong_state(p_profile public.profiles, p_job public.generation_jobs); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.wrong_state(p_profile public.profiles, p_job public.generation_jobs) FROM PUBLIC;

--
-- Name: FUNCTION complete_generation(p_generation_id uuid, p_result jsonb, p_cost integer, p_lease_token uuid, p_idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.complete_generation(p_generation_id uuid, p_result jsonb, p_cost integer, p_lease_token uuid, p_idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.complete_generation(p_generation_id uuid, p_result jsonb, p_cost integer, p_lease_token uuid, p_idempotency_key text) TO service_role;

--
-- Name: FUNCTION deduct_credit_atomic(p_user_id uuid, p_rate_limit_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.deduct_credit_atomic(p_user_id uuid, p_rate_limit_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.deduct_credit_atomic(p_user_id uuid, p_rate_limit_seconds integer) TO service_role;

--
-- Name: FUNCTION expire_overdue_generations(p_user_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.expire_overdue_generations(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.expire_overdue_generations(p_user_id uuid) TO service_role;

--
-- Name: FUNCTION extend_lease(p_generation_id uuid, p_lease_token uuid, p_lease_seconds integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.extend_lease(p_generation_id uuid, p_lease_token uuid, p_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.extend_lease(p_generation_id uuid, p_lease_token uuid, p_lease_seconds integer) TO service_role;

--
-- Name: FUNCTION fail_generation(p_generation_id uuid, p_reason text, p_lease_token uuid, p_idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.fail_generation(p_generation_id uuid, p_reason text, p_lease_token uuid, p_idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.fail_generation(p_generation_id uuid, p_reason text, p_lease_token uuid, p_idempotency_key text) TO service_role;

--
-- Name: FUNCTION get_account(p_user_id uuid, p_known text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.get_account(p_user_id uuid, p_known text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_account(p_user_id uuid, p_known text) TO service_role;

--
-- Name: FUNCTION get_account_history(p_user_id uuid, p_before bigint, p_limit integer, p_known text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.get_account_history(p_user_id uuid, p_before bigint, p_limit integer, p_known text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_account_history(p_user_id uuid, p_before bigint, p_limit integer, p_known text) TO service_role;

--
-- Name: FUNCTION get_generation(p_user_id uuid, p_generation_id uuid, p_known text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.get_generation(p_user_id uuid, p_generation_id uuid, p_known text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_generation(p_user_id uuid, p_generation_id uuid, p_known text) TO service_role;

--
-- Name: FUNCTION get_generation_types(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.get_generation_types() FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_generation_types() TO service_role;

--
-- Name: FUNCTION get_generations(p_user_id uuid, p_before bigint, p_limit integer, p_known text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.get_generations(p_user_id uuid, p_before bigint, p_limit integer, p_known text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_generations(p_user_id uuid, p_before bigint, p_limit integer, p_known text) TO service_role;

--
-- Name: FUNCTION get_health(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.get_health() FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_health() TO service_role;

--
-- Name: FUNCTION get_metrics(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.get_metrics() FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_metrics() TO service_role;

--
-- Name: FUNCTION get_preferences(p_user_id uuid, p_topic text, p_known text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.get_preferences(p_user_id uuid, p_topic text, p_known text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_preferences(p_user_id uuid, p_topic text, p_known text) TO service_role;

--
-- Name: FUNCTION grant_credits(p_user_id uuid, p_amount integer, p_reason text, p_idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.grant_credits(p_user_id uuid, p_amount integer, p_reason text, p_idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.grant_credits(p_user_id uuid, p_amount integer, p_reason text, p_idempotency_key text) TO service_role;

--
-- Name: FUNCTION hand_over_generation(p_generation_id uuid, p_lease_token uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.hand_over_generation(p_generation_id uuid, p_lease_token uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.hand_over_generation(p_generation_id uuid, p_lease_token uuid) TO service_role;

--
-- Name: FUNCTION open_account(p_user_id uuid, p_email text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.open_account(p_user_id uuid, p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_account(p_user_id uuid, p_email text) TO service_role;

--
-- Name: FUNCTION open_stream(p_user_id uuid, p_topics text[], p_with_newest boolean); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.open_stream(p_user_id uuid, p_topics text[], p_with_newest boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_stream(p_user_id uuid, p_topics text[], p_with_newest boolean) TO service_role;

--
-- Name: FUNCTION poll_events(p_users uuid[], p_versions bigint[], p_topics text[], p_ids bigint[], p_limit integer); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.poll_events(p_users uuid[], p_versions bigint[], p_topics text[], p_ids bigint[], p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.poll_events(p_users uuid[], p_versions bigint[], p_topics text[], p_ids bigint[], p_limit integer) TO service_role;

--
-- Name: FUNCTION publish_notification(p_topic text, p_kind text, p_subject text, p_status text, p_payload jsonb, p_idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.publish_notification(p_topic text, p_kind text, p_subject text, p_status text, p_payload jsonb, p_idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.publish_notification(p_topic text, p_kind text, p_subject text, p_status text, p_payload jsonb, p_idempotency_key text) TO service_role;

--
-- Name: FUNCTION record_change(p_user_id uuid, p_reason text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.record_change(p_user_id uuid, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_change(p_user_id uuid, p_reason text) TO service_role;

--
-- Name: FUNCTION record_metrics(p_worker uuid, p_metrics jsonb); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.record_metrics(p_worker uuid, p_metrics jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_metrics(p_worker uuid, p_metrics jsonb) TO service_role;

--
-- Name: FUNCTION refund_credit_atomic(p_user_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.refund_credit_atomic(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.refund_credit_atomic(p_user_id uuid) TO service_role;

--
-- Name: FUNCTION refund_stuck_generations(p_limit integer, p_run bigint); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.refund_stuck_generations(p_limit integer, p_run bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.refund_stuck_generations(p_limit integer, p_run bigint) TO service_role;

--
-- Name: FUNCTION release_generation(p_user_id uuid, p_generation_id uuid, p_reason text, p_idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.release_generation(p_user_id uuid, p_generation_id uuid, p_reason text, p_idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_generation(p_user_id uuid, p_generation_id uuid, p_reason text, p_idempotency_key text) TO service_role;

--
-- Name: FUNCTION reserve_generation(p_user_id uuid, p_type text, p_rate_limit_seconds integer, p_idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.reserve_generation(p_user_id uuid, p_type text, p_rate_limit_seconds integer, p_idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reserve_generation(p_user_id uuid, p_type text, p_rate_limit_seconds integer, p_idempotency_key text) TO service_role;

--
-- Name: FUNCTION rotate_epoch(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.rotate_epoch() FROM PUBLIC;
GRANT ALL ON FUNCTION public.rotate_epoch() TO service_role;

--
-- Name: FUNCTION set_preferences(p_user_id uuid, p_topic text, p_muted boolean, p_min_interval_seconds integer, p_idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.set_preferences(p_user_id uuid, p_topic text, p_muted boolean, p_min_interval_seconds integer, p_idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_preferences(p_user_id uuid, p_topic text, p_muted boolean, p_min_interval_seconds integer, p_idempotency_key text) TO service_role;

--
-- Name: FUNCTION submit_generation(p_user_id uuid, p_type text, p_input jsonb, p_generation_id uuid, p_lease_seconds integer, p_idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.submit_generation(p_user_id uuid, p_type text, p_input jsonb, p_generation_id uuid, p_lease_seconds integer, p_idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.submit_generation(p_user_id uuid, p_type text, p_input jsonb, p_generation_id uuid, p_lease_seconds integer, p_idempotency_key text) TO service_role;

--
-- Name: TABLE account_events; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.account_events TO authenticated;
GRANT SELECT ON TABLE public.account_events TO service_role;

--
-- Name: TABLE generation_results; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.generation_results TO authenticated;
GRANT SELECT ON TABLE public.generation_results TO service_role;

--
-- Name: TABLE generation_types; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.generation_types TO service_role;

--
-- Name: TABLE topic_notifications; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.topic_notifications TO authenticated;
GRANT SELECT ON TABLE public.topic_notifications TO service_role;

--
-- Name: TABLE topic_preferences; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.topic_preferences TO authenticated;
GRANT SELECT ON TABLE public.topic_preferences TO service_role;

--
-- Name: TABLE topics; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.topics TO service_role;
GRANT SELECT ON TABLE public.topics TO authenticated;
