-- What the other files set the scene with. Runs first (files run in alphabetical order) and stays: a single file can be
-- run alone afterwards. psql keeps what a scene gave, with \gset; everything else is rolled back.
begin;
select plan(1);

set local client_min_messages = warning;
create schema if not exists tests;
grant usage on schema tests to anon, authenticated, service_role;

-- A signed-up user whose account opens with so many credits, at version 1.
create or replace function tests.create_user(p_credits integer default 10)
returns uuid
language plpgsql
as $$
declare
  v_id constant uuid := gen_random_uuid();
  v_signup_credits constant integer := (select signup_credits from private.settings);
begin
  update private.settings set signup_credits = p_credits;
  insert into auth.users (id, email) values (v_id, v_id || '@example.com');
  update private.settings set signup_credits = v_signup_credits;
  return v_id;
end;
$$;

-- A row of the price list, apart from those that a seed or an operator may have made.
create or replace function tests.create_type(
  p_slug text default 'test',
  p_cost integer default 3,
  p_rate_limit_seconds integer default 0,
  p_refund_on_failure boolean default true,
  p_reservation_seconds integer default 1800,
  p_timeout_seconds integer default 1800
)
returns void
language plpgsql
as $$
begin
  insert into public.generation_types (
    slug, cost, rate_limit_seconds, refund_on_failure, reservation_seconds, timeout_seconds
  )
  values (p_slug, p_cost, p_rate_limit_seconds, p_refund_on_failure, p_reservation_seconds, p_timeout_seconds);
end;
$$;

-- A generation of the user in that status, brought there by the functions of the product. A submission claims a reservation
-- of the type that is there: make those last.
create or replace function tests.create_generation(p_user_id uuid, p_status text, p_type text default 'test')
returns uuid
language plpgsql
as $$
declare
  v_id constant uuid := case
    when p_status in ('reserved', 'released', 'expired') then public.reserve_generation(p_user_id, p_type)
    else public.submit_generation(p_user_id, p_type, '{"prompt": "a fox"}')
  end ->> 'generation_id';
begin
  case p_status
    when 'completed' then perform public.complete_generation(v_id, '{"url": "https://example.com/fox.png"}');
    when 'failed' then perform public.fail_generation(v_id, 'provider_error');
    when 'released' then perform public.release_generation(p_user_id, v_id);
    when 'expired' then
      update public.generation_jobs set deadline_at = '2000-01-01' where id = v_id;
      perform public.refund_stuck_generations(1);
    else null;
  end case;
  if tests.status(v_id) is distinct from p_status then
    raise exception 'the scene is wrong: % instead of %', tests.status(v_id), p_status;
  end if;
  return v_id;
end;
$$;

create or replace function tests.credits(p_user_id uuid)
returns integer
language sql
as $$
  select credits from public.profiles where id = p_user_id
$$;

create or replace function tests.status(p_generation_id uuid)
returns text
language sql
as $$
  select status::text from public.generation_jobs where id = p_generation_id
$$;

-- A generation that cannot be expired, until it may: as by a trigger of the app's own that fails.
create or replace function tests.forbid_to_expire(p_generation_id uuid)
returns void
language plpgsql
as $$
begin
  execute format(
    'create trigger forbid_to_expire before update on public.generation_jobs for each row
    when (new.id = %L and new.status = ''expired'') execute function private.refuse_change(''the test forbids it'')',
    p_generation_id
  );
end;
$$;

create or replace function tests.allow_to_expire()
returns void
language plpgsql
as $$
begin
  drop trigger forbid_to_expire on public.generation_jobs;
end;
$$;

-- What a reader who has just read the account says that it knows.
create or replace function tests.known(p_user_id uuid)
returns text
language sql
as $$
  select epoch || '.' || version from private.settings, public.profiles where id = p_user_id
$$;

-- The newest event of an account, without its time.
create or replace function tests.newest_event(p_user_id uuid)
returns jsonb
language sql
as $$
  select to_jsonb(e) - 'user_id' - 'created_at'
  from public.account_events e
  where user_id = p_user_id
  order by version desc
  limit 1
$$;

-- Every row of an account, to say that nothing has changed.
create or replace function tests.account(p_user_id uuid)
returns jsonb
language sql
as $$
  select jsonb_build_object(
    'profile', (select to_jsonb(p) from public.profiles p where id = p_user_id),
    'events', (select jsonb_agg(e order by version) from public.account_events e where user_id = p_user_id),
    'generations', (select jsonb_agg(j order by version) from public.generation_jobs j where user_id = p_user_id),
    'results', (select jsonb_agg(r order by generation_id) from public.generation_results r where user_id = p_user_id),
    'keys', (select jsonb_agg(k order by operation, key) from private.idempotency_keys k where user_id = p_user_id)
  )
$$;

-- From here to `reset role` the user's own requests, as PostgREST makes them.
create or replace function tests.as_user(p_user_id uuid)
returns void
language plpgsql
as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', p_user_id, 'role', 'authenticated')::text, true);
  perform set_config('role', 'authenticated', true);
end;
$$;

select pass('the helpers of the suite are made');
select * from finish();
commit;
