begin;
select plan(2);

select tests.create_type();

select is(
  public.reserve_generation(gen_random_uuid(), 'test'),
  '{"success": false, "error": "PROFILE_NOT_FOUND", "message": "This user has no account here, or it was closed"}',
  'an unknown user is told so, and nothing of any account'
);
select is(public.reserve_generation(null, 'test') ->> 'error', 'PROFILE_NOT_FOUND', 'nobody is an unknown user too');

select * from finish();
rollback;
