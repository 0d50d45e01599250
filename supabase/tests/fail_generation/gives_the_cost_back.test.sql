begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as generation_id \gset

select is(
  public.fail_generation(:'generation_id', 'provider_error') - 'epoch',
  jsonb_build_object(
    'success', true, 'generation_id', :'generation_id', 'status', 'failed', 'cost', 3, 'refunded', 3, 'credits', 10,
    'version', 3, 'user_id', :'user_id'
  ),
  'the answer says how much came back'
);
select is(
  tests.newest_event(:'user_id'),
  jsonb_build_object(
    'version', 3, 'type', 'generation.failed', 'delta', 3, 'balance', 10, 'reason', 'provider_error', 'actor', 'operator',
    'generation_id', :'generation_id'
  ),
  'the ledger says why, by the code given'
);
select row_eq(
  format(
    'select status::text, refunded, error, refunded_at is not null from public.generation_jobs where id = %L',
    :'generation_id'
  ),
  row ('failed'::text, 3, 'provider_error'::text, true),
  'and so does the generation'
);

select * from finish();
rollback;
