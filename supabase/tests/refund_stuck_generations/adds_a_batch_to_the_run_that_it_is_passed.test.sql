begin;
select plan(4);

select tests.create_type();
select tests.create_user(12) as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing') from generate_series(1, 3);
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';

select public.refund_stuck_generations(2) as first \gset
select finished_at as first_batch_at from private.sweep_runs where id = (:'first'::jsonb -> 'run')::bigint \gset
select public.refund_stuck_generations(2, (:'first'::jsonb -> 'run')::bigint) as second \gset

select is(:'second'::jsonb -> 'run', :'first'::jsonb -> 'run', 'it is the same run');
select row_eq(
  format('select batches, expired, refunded, failed from private.sweep_runs where id = %s', :'first'::jsonb -> 'run'),
  row (2, 3, 9::bigint, 0), 'its row has the sums'
);
select cmp_ok(
  finished_at, '>', :'first_batch_at'::timestamptz, 'and ends with its last batch'
)
from private.sweep_runs
where id = (:'first'::jsonb -> 'run')::bigint;
select isnt(
  public.refund_stuck_generations(2, -1) -> 'run', '-1', 'a run that is not there any more is a new one'
);

select * from finish();
rollback;
