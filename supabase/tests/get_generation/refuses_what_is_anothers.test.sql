begin;
select plan(3);

select tests.create_type();
select tests.create_user() as owner_id \gset
select tests.create_user() as user_id \gset
select tests.create_generation(:'owner_id', 'completed') as generation_id \gset

select is(
  public.get_generation(:'user_id', :'generation_id') - 'epoch',
  '{"success": false, "error": "GENERATION_NOT_FOUND", "message": "You have no such generation",
    "credits": 10, "version": 1}',
  'as if there were none'
);
select is(
  public.get_generation(:'user_id', gen_random_uuid()), public.get_generation(:'user_id', :'generation_id'),
  'which is what is said where there is none'
);
select is(
  public.get_generation(gen_random_uuid(), :'generation_id') ->> 'error', 'PROFILE_NOT_FOUND', 'an unknown user is refused'
);

select * from finish();
rollback;
