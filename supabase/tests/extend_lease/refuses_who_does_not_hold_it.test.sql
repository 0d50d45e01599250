begin;
select plan(5);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset
select tests.account(:'user_id') as before \gset

select is(
  public.extend_lease(:'generation_id', gen_random_uuid(), 60),
  '{"success": false, "error": "GENERATION_NOT_FOUND",
    "message": "The lease on this generation is not yours any more"}',
  'another token'
);
select is(public.extend_lease(:'generation_id', null, 60) ->> 'error', 'GENERATION_NOT_FOUND', 'no token');
select is(
  public.extend_lease(gen_random_uuid(), :'lease_token', 60) ->> 'error', 'GENERATION_NOT_FOUND', 'another generation'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');
select public.complete_generation(:'generation_id', p_lease_token => :'lease_token');
select is(
  public.extend_lease(:'generation_id', :'lease_token', 60) ->> 'error', 'GENERATION_NOT_FOUND', 'once it is settled, nobody'
);

select * from finish();
rollback;
