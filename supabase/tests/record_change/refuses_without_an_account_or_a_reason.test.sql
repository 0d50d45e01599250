begin;
select plan(5);

select tests.create_user() as user_id \gset
select tests.account(:'user_id') as before \gset

select throws_ok(
  format('select public.record_change(%L, %L)', :'user_id', ''), '22023', 'A change has a reason', 'an empty reason raises'
);
select throws_ok(
  format('select public.record_change(%L, null)', :'user_id'), '22023', 'A change has a reason', 'none raises, too'
);
select is(public.record_change(gen_random_uuid(), 'x') ->> 'error', 'PROFILE_NOT_FOUND', 'an unknown user');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');
delete from auth.users where id = :'user_id';
select is(public.record_change(:'user_id', 'x') ->> 'error', 'PROFILE_NOT_FOUND', 'a closed account');

select * from finish();
rollback;
