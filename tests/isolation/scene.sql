-- What the isolation specs set the scene with and look at afterwards. Made in databases of their own.

create schema isolation;

-- The account and the generation that the running permutation is about.
create table isolation.subject (user_id uuid not null, generation_id uuid not null, lease_token uuid);

create function isolation.user_id()
returns uuid
language sql
as $$
  select user_id from isolation.subject
$$;

create function isolation.generation_id()
returns uuid
language sql
as $$
  select generation_id from isolation.subject
$$;

create function isolation.lease_token()
returns uuid
language sql
as $$
  select lease_token from isolation.subject
$$;

-- A new account of 1 credit that holds another one in a generation, which is overdue: so each operation has something to
-- do, and two that charge contend for the last credit. It is reserved, processing, or handed over: processing, with a
-- token that its worker and its provider's callback share. What the permutation before has left overdue goes first, so
-- that a sweep meets nothing else.
create function isolation.set_scene(p_scene text)
returns void
language plpgsql
as $$
declare
  v_user_id constant uuid := gen_random_uuid();
  v_answer jsonb;
begin
  perform public.refund_stuck_generations();
  insert into public.profiles (id, credits) values (v_user_id, 2);
  v_answer := case p_scene
    when 'reserved' then public.reserve_generation(v_user_id, 'image')
    when 'processing' then public.submit_generation(v_user_id, 'image')
    when 'handed_over' then public.submit_generation(v_user_id, 'image', p_lease_seconds => 60)
  end;
  delete from isolation.subject;
  insert into isolation.subject
  values (v_user_id, (v_answer ->> 'generation_id')::uuid, (v_answer ->> 'lease_token')::uuid);
  if p_scene = 'handed_over' then
    perform public.hand_over_generation(isolation.generation_id(), isolation.lease_token());
  end if;
  update public.generation_jobs set deadline_at = '2000-01-01' where id = isolation.generation_id();
end;
$$;

-- What a function answered, in words that are the same whenever it did the same.
create function isolation.words(p_answer jsonb)
returns text
language sql
as $$
  select case
    when p_answer ? 'expired' then concat_ws(
      ', ', 'expired ' || (p_answer ->> 'expired'), 'refunded ' || (p_answer ->> 'refunded'),
      'failed ' || (p_answer ->> 'failed')
    )
    else format(
      '%s%s at version %s with %s credits',
      case when p_answer ? 'replayed' then 'replayed ' end,
      coalesce(p_answer ->> 'status', concat_ws(' ', p_answer ->> 'error', p_answer ->> 'state')),
      p_answer ->> 'version', p_answer ->> 'credits'
    )
  end
$$;

-- Each invariant that does not hold for the subject's account.
create function isolation.violations()
returns table (violation text)
language sql
as $$
  with
    profile as (select * from public.profiles where id = isolation.user_id()),
    event as (
      select
        *,
        row_number() over by_version as place,
        sum(delta) over by_version as sum_so_far,
        lag(created_at) over by_version as created_before
      from public.account_events
      where user_id = isolation.user_id()
      window by_version as (order by version)
    ),
    job as (
      select
        j.*,
        (select coalesce(sum(delta), 0) from event e where e.generation_id = j.id) as event_sum,
        (select count(*) from event e where e.generation_id = j.id and e.delta < 0) as charges,
        (
          select coalesce(array_agg(e.type::text), '{}')
          from event e
          where e.generation_id = j.id
            and e.type in ('generation.completed', 'generation.failed', 'generation.released', 'generation.expired')
        ) as settlements
      from public.generation_jobs j
      where j.user_id = isolation.user_id()
    )
  select 'the balance is below 0' from profile where credits < 0
  union all
  select 'the sum of deltas is not the balance'
  from profile where credits <> (select sum(delta) from event)
  union all
  select 'the version is not that of the newest event'
  from profile where version <> (select max(version) from event)
  union all
  select format('version %s is at place %s', version, place) from event where version <> place
  union all
  select format('the balance at version %s is not the sum so far', version) from event where balance <> sum_so_far
  union all
  select format('version %s is older than the one before', version) from event where created_at < created_before
  union all
  select format('a generation has %s charges', charges) from job where charges <> 1
  union all
  select format('events of a generation add up to %s, its cost and refund to %s', event_sum, refunded - cost)
  from job where event_sum <> refunded - cost
  union all
  select format('a generation that is %s has the settlements %s', status, settlements)
  from job
  where settlements <> case
    when status in ('reserved', 'processing') then '{}'
    else array['generation.' || status]
  end
$$;

-- Where the subject's account stands: generations and events in their order, and what is wrong with them.
create function isolation.outcome()
returns text
language sql
as $$
  select concat_ws(
    '; ',
    (select credits || ' credits' from public.profiles where id = isolation.user_id()),
    (select string_agg(status::text, ', ' order by version) from public.generation_jobs where user_id = isolation.user_id()),
    (
      select string_agg(format('%s %s', split_part(type::text, '.', 2), delta), ', ' order by version)
      from public.account_events
      where user_id = isolation.user_id()
    ),
    coalesce((select 'BROKEN: ' || string_agg(violation, ', ') from isolation.violations()), 'sound')
  )
$$;
