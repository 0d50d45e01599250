begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) ->> 'generation_id' as generation_id \gset
select tests.account(:'user_id') as before \gset

select is(
  public.complete_generation(:'generation_id', p_lease_token => gen_random_uuid()) ->> 'error', 'GENERATION_IN_PROGRESS',
  'with another token'
);
select is(public.complete_generation(:'generation_id') ->> 'error', 'GENERATION_IN_PROGRESS', 'with none');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
