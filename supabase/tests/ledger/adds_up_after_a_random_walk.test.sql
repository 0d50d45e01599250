begin;
select plan(6);

-- Four hundred random calls by three users. The seed is fixed: a walk that fails, fails again.
create temporary table walker on commit drop as
select n, tests.create_user(20) as user_id from generate_series(1, 3) n;
create temporary table answered (outcome text) on commit drop;

do $$
declare
  v_user_id uuid;
  v_id uuid;
  v_token uuid;
  v_key text;
  v_answer jsonb;
begin
  perform setseed(0.42);
  perform tests.create_type('test-keep', 4, p_refund_on_failure => false), tests.create_type('test', 3);
  for v_step in 1..400 loop
    select user_id into v_user_id from walker where n = 1 + floor(random() * 3);
    select id, lease_token into v_id, v_token
    from public.generation_jobs
    where user_id = v_user_id
    order by random()
    limit 1;
    v_key := case when random() < 0.5 then floor(random() * 20)::text end;
    case floor(random() * 10)
      when 0, 1 then v_answer := public.reserve_generation(v_user_id, 'test', null, v_key);
      when 2 then v_answer := public.submit_generation(v_user_id, 'test-keep', '{}', null, 60);
      when 3 then v_answer := public.submit_generation(v_user_id, 'test', '{}', null, null, v_key);
      when 4 then v_answer := public.complete_generation(v_id, '{}', floor(random() * 5)::integer, v_token, v_key);
      when 5 then v_answer := public.fail_generation(v_id, 'test', v_token, v_key);
      when 6 then v_answer := public.release_generation(v_user_id, null, null, v_key);
      when 7 then v_answer := public.release_generation(null, v_id, 'test');
      when 8 then v_answer := public.grant_credits(v_user_id, floor(random() * 21 - 10)::integer, 'test', v_key);
      else
        update public.generation_jobs
        set deadline_at = '2000-01-01'
        where id = v_id and status in ('reserved', 'processing');
        v_answer := public.refund_stuck_generations(1);
    end case;
    insert into answered values (coalesce(v_answer ->> 'error', 'success'));
  end loop;
end;
$$;

select ok(
  (select count(*) from answered where outcome = 'success') > 150
  and (select count(distinct outcome) from answered) > 6,
  'the walk has met successes and refusals of many kinds'
);
select is_empty(
  $$select w.user_id from walker w
  join public.profiles p on p.id = w.user_id
  where p.credits <> (select sum(delta) from public.account_events e where e.user_id = w.user_id)$$,
  'the sum of the deltas is the balance'
);
select is_empty(
  $$select user_id, version from (
    select
      e.*, row_number() over (partition by user_id order by version) as place,
      sum(delta) over (partition by user_id order by version) as running,
      lag(e.created_at) over (partition by user_id order by version) as before
    from public.account_events e
    join walker using (user_id)
  ) e
  where version <> place or balance <> running or created_at < before$$,
  'versions go from 1 without a gap, each balance is the running sum, and time never goes back'
);
select is_empty(
  $$select w.user_id from walker w
  join public.profiles p on p.id = w.user_id
  where p.version <> (select max(version) from public.account_events e where e.user_id = w.user_id)$$,
  'the version of the account is that of its newest event'
);
select is_empty(
  $$select j.id from public.generation_jobs j
  join walker using (user_id)
  left join lateral (
    select
      -sum(delta) filter (where delta < 0) as charged,
      count(*) filter (where delta < 0) as charges,
      coalesce(sum(delta) filter (where delta > 0), 0) as refunded,
      count(*) filter (where type in (
        'generation.completed', 'generation.failed', 'generation.released', 'generation.expired'
      )) as settlements
    from public.account_events e
    where e.generation_id = j.id
  ) e on true
  where e.charged is distinct from j.cost or e.charges <> 1 or e.refunded <> j.refunded
    or e.settlements <> case when j.status in ('reserved', 'processing') then 0 else 1 end$$,
  'every generation was charged exactly once, and settled exactly once or not yet'
);
select is_empty(
  $$select p.id from public.profiles p
  join walker w on w.user_id = p.id
  where p.credits + (
    select coalesce(sum(cost - refunded), 0) from public.generation_jobs j where j.user_id = p.id
  ) <> (
    select sum(delta) from public.account_events e where e.user_id = p.id and generation_id is null
  )$$,
  'what was given is what is left and what was spent'
);

select * from finish();
rollback;
