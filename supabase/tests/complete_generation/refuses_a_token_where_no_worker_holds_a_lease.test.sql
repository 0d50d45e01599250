begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as processing \gset
select tests.create_generation(:'user_id', 'reserved') as reserved \gset
select tests.account(:'user_id') as before \gset

select is(
  public.complete_generation(:'processing', p_lease_token => gen_random_uuid()) -> 'success', 'false',
  'on a submission without a lease'
);
select is(
  public.complete_generation(:'reserved', p_lease_token => gen_random_uuid()) -> 'success', 'false',
  'on a reservation'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
