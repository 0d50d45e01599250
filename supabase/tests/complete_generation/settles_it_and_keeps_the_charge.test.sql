begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as generation_id \gset

select is(
  public.complete_generation(:'generation_id', '{"url": "x"}') - 'epoch',
  jsonb_build_object(
    'success', true, 'generation_id', :'generation_id', 'status', 'completed', 'cost', 3, 'refunded', 0, 'credits', 7,
    'version', 3, 'user_id', :'user_id'
  ),
  'the answer says what it cost, and where the account stands'
);
select is(
  tests.newest_event(:'user_id'),
  jsonb_build_object(
    'version', 3, 'type', 'generation.completed', 'delta', 0, 'balance', 7, 'reason', 'completed', 'actor', 'operator',
    'generation_id', :'generation_id'
  ),
  'its end is an event without money'
);
select row_eq(
  format(
    'select status::text, refunded, refunded_at, finished_at is not null from public.generation_jobs where id = %L',
    :'generation_id'
  ),
  row ('completed'::text, 0, null::timestamptz, true),
  'it is completed, and nothing of it was refunded'
);
select is(
  result, '{"url": "x"}'::jsonb, 'its result is kept'
)
from public.generation_results
where generation_id = :'generation_id' and user_id = :'user_id';

select * from finish();
rollback;
