begin;
select plan(11);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as generation_id \gset
delete from auth.users where id = :'user_id';
select tests.account(:'user_id') as before \gset

select is(public.reserve_generation(:'user_id', 'test') ->> 'error', 'PROFILE_NOT_FOUND', 'no reservation');
select is(public.submit_generation(:'user_id', 'test') ->> 'error', 'PROFILE_NOT_FOUND', 'no submission');
select is(public.complete_generation(:'generation_id', '{}') ->> 'error', 'PROFILE_NOT_FOUND', 'no result');
select is(public.fail_generation(:'generation_id') ->> 'error', 'PROFILE_NOT_FOUND', 'no failure');
select is(public.release_generation(:'user_id') ->> 'error', 'PROFILE_NOT_FOUND', 'no release by its user');
select is(
  public.release_generation(null, :'generation_id', 'test') ->> 'error', 'PROFILE_NOT_FOUND', 'none by an operator'
);
select is(public.grant_credits(:'user_id', 5, 'gift') ->> 'error', 'PROFILE_NOT_FOUND', 'no grant');
select is(public.open_account(:'user_id', 'again@example.com') ->> 'error', 'PROFILE_NOT_FOUND', 'no second opening');
select is(public.deduct_credit_atomic(:'user_id', 0) ->> 'error', 'PROFILE_NOT_FOUND', 'no deduction');
select is(public.refund_credit_atomic(:'user_id') ->> 'error', 'PROFILE_NOT_FOUND', 'no refund');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
