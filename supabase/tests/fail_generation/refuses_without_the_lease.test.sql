begin;
select plan(5);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset
select tests.account(:'user_id') as before \gset

select is(
  public.fail_generation(:'generation_id', p_lease_token => gen_random_uuid()) ->> 'error', 'GENERATION_IN_PROGRESS',
  'with another token'
);
select is(public.fail_generation(:'generation_id') ->> 'error', 'GENERATION_IN_PROGRESS', 'with none');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');
select is(
  public.fail_generation(:'generation_id', p_lease_token => :'lease_token') ->> 'status', 'failed',
  'the worker that holds it may'
);
select is(tests.newest_event(:'user_id') ->> 'actor', 'worker', 'the ledger says that a worker did');

select * from finish();
rollback;
