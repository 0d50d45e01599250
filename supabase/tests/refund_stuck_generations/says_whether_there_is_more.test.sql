begin;
select plan(1);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing') from generate_series(1, 5);
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';

select is(
  array[
    public.refund_stuck_generations(2) -> 'more', public.refund_stuck_generations(2) -> 'more',
    public.refund_stuck_generations(2) -> 'more', public.refund_stuck_generations(2) -> 'more'
  ],
  array['true', 'true', 'false', 'false']::jsonb[],
  'as long as a batch is full'
);

select * from finish();
rollback;
