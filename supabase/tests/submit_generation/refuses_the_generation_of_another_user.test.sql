begin;
select plan(4);

select tests.create_type();
select tests.create_user() as owner_id \gset
select tests.create_user() as user_id \gset
select tests.create_generation(:'owner_id', 'reserved') as generation_id \gset
select tests.account(:'owner_id') as owner_before, tests.account(:'user_id') as before \gset

select is(
  public.submit_generation(:'user_id', 'test', null, :'generation_id') ->> 'error', 'GENERATION_NOT_FOUND',
  'as if there were none'
);
select is(
  public.submit_generation(:'user_id', 'test', null, gen_random_uuid()) ->> 'error', 'GENERATION_NOT_FOUND',
  'which is what is said where there is none'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');
select is(tests.account(:'owner_id'), :'owner_before', 'of nobody');

select * from finish();
rollback;
