begin;
select plan(4);

select tests.create_type();
select tests.create_user(10) as user_id \gset
select public.reserve_generation(:'user_id', 'test') as answer \gset
select :'answer'::jsonb ->> 'generation_id' as generation_id \gset

select is(
  :'answer'::jsonb - 'expires_at',
  jsonb_build_object(
    'success', true, 'generation_id', :'generation_id', 'status', 'reserved', 'cost', 3, 'credits', 7, 'version', 2,
    'epoch', (select epoch from private.settings)
  ),
  'the answer names the generation, its cost, and where the account now stands'
);
select is(tests.credits(:'user_id'), 7, 'the cost is taken');
select is(
  tests.newest_event(:'user_id'),
  jsonb_build_object(
    'version', 2, 'type', 'generation.reserved', 'delta', -3, 'balance', 7, 'reason', 'test', 'actor', 'user',
    'generation_id', :'generation_id'
  ),
  'the ledger says what for'
);
select row_eq(
  format(
    'select user_id, version, type, status::text, cost, refunded, input, lease_token
    from public.generation_jobs where id = %L',
    :'generation_id'
  ),
  row (:'user_id'::uuid, 2::bigint, 'test'::text, 'reserved'::text, 3, 0, null::jsonb, null::uuid),
  'the generation is the hold, and stands at the version of its charge'
);

select * from finish();
rollback;
