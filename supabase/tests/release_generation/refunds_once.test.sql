begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'released') as generation_id \gset
select tests.account(:'user_id') as before \gset

select is(
  public.release_generation(:'user_id', :'generation_id') ->> 'error', 'GENERATION_ALREADY_SETTLED', 'not by its user'
);
select is(
  public.release_generation(null, :'generation_id', 'again') ->> 'error', 'GENERATION_ALREADY_SETTLED',
  'and not by an operator'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
