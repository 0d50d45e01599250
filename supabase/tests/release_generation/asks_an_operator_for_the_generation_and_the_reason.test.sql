begin;
select plan(5);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset
select tests.account(:'user_id') as before \gset

select is(public.release_generation(null) ->> 'error', 'INVALID_REQUEST', 'nothing is named');
select is(public.release_generation(null, :'generation_id') ->> 'error', 'INVALID_REQUEST', 'no reason is given');
select is(public.release_generation(null, null, 'because') ->> 'error', 'INVALID_REQUEST', 'no generation is named');
select is(
  public.release_generation(null, gen_random_uuid(), 'because') ->> 'error', 'GENERATION_NOT_FOUND',
  'there never was one'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
