begin;
select plan(2);

select tests.create_type('test', 2);
select tests.create_user() as one \gset
select tests.create_user() as two \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'one', 'processing') from generate_series(1, 3);
select tests.create_generation(:'two', 'reserved') from generate_series(1, 2);
update public.generation_jobs set deadline_at = '2000-01-01' where user_id in (:'one', :'two');

select is(
  public.refund_stuck_generations() - 'run',
  '{"success": true, "expired": 5, "refunded": 10, "failed": 0, "more": false}',
  'all of them in one run'
);
select is(array[tests.credits(:'one'), tests.credits(:'two')], array[10, 10], 'everybody has theirs back');

select * from finish();
rollback;
