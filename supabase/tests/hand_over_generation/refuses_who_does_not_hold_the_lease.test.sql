begin;
select plan(7);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset
select tests.create_generation(:'user_id', 'processing') as unleased \gset
select tests.create_generation(:'user_id', 'reserved') as reserved \gset
select tests.account(:'user_id') as before \gset

select is(
  public.hand_over_generation(:'generation_id', gen_random_uuid()),
  '{"success": false, "error": "GENERATION_NOT_FOUND",
    "message": "The lease on this generation is not yours any more"}',
  'another token'
);
select is(public.hand_over_generation(:'generation_id', null) ->> 'error', 'GENERATION_NOT_FOUND', 'no token');
select is(public.hand_over_generation(:'unleased', null) ->> 'error', 'GENERATION_NOT_FOUND', 'nor where there is none');
select is(
  public.hand_over_generation(:'reserved', :'lease_token') ->> 'error', 'GENERATION_NOT_FOUND', 'a reservation'
);
select is(
  public.hand_over_generation(gen_random_uuid(), :'lease_token') ->> 'error', 'GENERATION_NOT_FOUND', 'another generation'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');
select public.complete_generation(:'generation_id', p_lease_token => :'lease_token');
select is(
  public.hand_over_generation(:'generation_id', :'lease_token') ->> 'error', 'GENERATION_NOT_FOUND',
  'once it is settled, nobody'
);

select * from finish();
rollback;
