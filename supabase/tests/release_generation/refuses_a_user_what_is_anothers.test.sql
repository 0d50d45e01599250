begin;
select plan(3);

select tests.create_type();
select tests.create_user() as owner_id \gset
select tests.create_user() as user_id \gset
select tests.create_generation(:'owner_id', 'reserved') as generation_id \gset
select tests.account(:'owner_id') as before \gset

select is(
  public.release_generation(:'user_id', :'generation_id') ->> 'error', 'GENERATION_NOT_FOUND', 'as if there were none'
);
select is(
  public.release_generation(:'user_id', gen_random_uuid()) ->> 'error', 'GENERATION_NOT_FOUND',
  'which is what is said where there is none'
);
select is(tests.account(:'owner_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
