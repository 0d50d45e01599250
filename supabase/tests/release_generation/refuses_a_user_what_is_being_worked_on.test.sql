begin;
select plan(2);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as generation_id \gset
select tests.account(:'user_id') as before \gset

select is(
  public.release_generation(:'user_id', :'generation_id') ->> 'error', 'GENERATION_IN_PROGRESS',
  'nobody has the work for nothing'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
