begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing') as generation_id \gset
update public.generation_jobs set deadline_at = clock_timestamp() - interval '1 second' where id = :'generation_id';

select is(
  public.refund_stuck_generations() - 'run',
  '{"success": true, "expired": 1, "refunded": 3, "failed": 0, "more": false}',
  'the answer says how many generations, and how many credits'
);
select is(tests.credits(:'user_id'), 10, 'the credits are back');
select is(
  tests.newest_event(:'user_id'),
  jsonb_build_object(
    'version', 3, 'type', 'generation.expired', 'delta', 3, 'balance', 10, 'reason', 'deadline_passed',
    'actor', 'sweeper', 'generation_id', :'generation_id'
  ),
  'the ledger says why, and who'
);
select row_eq(
  format(
    'select status::text, refunded, error, refunded_at = finished_at, finished_at > deadline_at
    from public.generation_jobs where id = %L',
    :'generation_id'
  ),
  row ('expired'::text, 3, 'deadline_passed'::text, true, true),
  'the generation says so too'
);

select * from finish();
rollback;
