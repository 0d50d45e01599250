begin;
select plan(6);

set local client_min_messages = error;
select tests.create_type();
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing') as bad \gset
select tests.create_generation(:'user_id', 'processing') as good \gset
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';
select tests.forbid_to_expire(:'bad');
select public.refund_stuck_generations() as answer \gset

select is(
  :'answer'::jsonb - 'run',
  '{"success": true, "expired": 1, "refunded": 3, "failed": 1, "more": false}',
  'the answer counts it apart'
);
select is(tests.status(:'good'), 'expired', 'the others of the batch, and of the account, are refunded');
select is(tests.status(:'bad'), 'processing', 'it stays what it was');
select is(tests.credits(:'user_id'), 7, 'and so does its hold');
select is(failed, 1, 'the run has it') from private.sweep_runs where id = (:'answer'::jsonb -> 'run')::bigint;
select row_eq(
  format(
    'select attempts, first_failed_at <= last_failed_at, retry_at between last_failed_at + interval ''59 seconds'' and
    last_failed_at + interval ''61 seconds'', error from private.sweep_failures where generation_id = %L',
    :'bad'
  ),
  row (1, true, true, '23000: update of generation_jobs is not allowed: the test forbids it'::text),
  'why, and when it is tried again'
);

select * from finish();
rollback;
