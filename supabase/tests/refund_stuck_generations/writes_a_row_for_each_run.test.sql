begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000) -> 'run' as before \gset
select tests.create_generation(:'user_id', 'processing') from generate_series(1, 2);
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';
select public.refund_stuck_generations(1000000) -> 'run' as full \gset
select public.refund_stuck_generations(1000000) -> 'run' as empty \gset

select results_eq(
  format(
    'select id, batches, expired, refunded, failed from private.sweep_runs where id > %s order by id', :'before'
  ),
  format('values (%s::bigint, 1, 2, 6::bigint, 0), (%s, 1, 0, 0, 0)', :'full', :'empty'),
  'how many generations and how many credits, also where there was nothing to do'
);
select is_empty(
  format(
    'select from private.sweep_runs
    where id > %s and (started_at < now() or finished_at < started_at or finished_at > clock_timestamp())',
    :'before'
  ),
  'when it began, and when it had done'
);
select is(
  (select finished_at from private.sweep_runs where id = :'full') < (select started_at from private.sweep_runs where id = :'empty'),
  true, 'by the clock, and not by the time at which a transaction began'
);

select * from finish();
rollback;
