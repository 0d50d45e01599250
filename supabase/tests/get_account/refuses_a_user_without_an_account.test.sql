begin;
select plan(2);

select is(
  public.get_account(gen_random_uuid()),
  '{"success": false, "error": "PROFILE_NOT_FOUND", "message": "This user has no account here, or it was closed"}',
  'an unknown user'
);
select is(public.get_account(null) ->> 'error', 'PROFILE_NOT_FOUND', 'nobody');

select * from finish();
rollback;
