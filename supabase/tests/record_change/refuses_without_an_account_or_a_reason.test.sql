begin;
select plan(5);

select tests.create_user() as user_id \gset
select tests.account(:'user_id') as before \gset

select is(
  public.record_change(:'user_id', ''), '{"success": false, "error": "INVALID_REQUEST", "message": "A change has a reason"}',
  'an empty reason'
);
select is(public.record_change(:'user_id', null) ->> 'error', 'INVALID_REQUEST', 'no reason');
select is(public.record_change(gen_random_uuid(), 'x') ->> 'error', 'PROFILE_NOT_FOUND', 'an unknown user');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');
delete from auth.users where id = :'user_id';
select is(public.record_change(:'user_id', 'x') ->> 'error', 'PROFILE_NOT_FOUND', 'a closed account');

select * from finish();
rollback;
