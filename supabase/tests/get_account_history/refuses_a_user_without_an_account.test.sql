begin;
select plan(1);

select is(public.get_account_history(gen_random_uuid()) ->> 'error', 'PROFILE_NOT_FOUND', 'an unknown user');

select * from finish();
rollback;
