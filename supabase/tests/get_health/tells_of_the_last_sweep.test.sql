begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing');
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';
select public.refund_stuck_generations(1000000) -> 'run' as run \gset

select is(
  public.get_health() -> 'last_sweep',
  jsonb_build_object(
    'started_at', started_at, 'finished_at', finished_at, 'batches', 1, 'expired', 1, 'refunded', 3, 'failed', 0
  ),
  'when it was, and what it did'
)
from private.sweep_runs
where id = :'run';
select public.refund_stuck_generations(1000000);
select is(public.get_health() #> '{last_sweep, expired}', '0', 'the newest run, also where it found nothing');
delete from private.sweep_runs;
select is(public.get_health() -> 'last_sweep', 'null', 'null where there was none');

select * from finish();
rollback;
