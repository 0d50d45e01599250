begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed') as generation_id \gset
delete from auth.users where id = :'user_id';

select is(public.get_account(:'user_id') ->> 'error', 'PROFILE_NOT_FOUND', 'no balance');
select is(public.get_account_history(:'user_id') ->> 'error', 'PROFILE_NOT_FOUND', 'no history');
select is(public.get_generations(:'user_id') ->> 'error', 'PROFILE_NOT_FOUND', 'no generations');
select is(public.get_generation(:'user_id', :'generation_id') ->> 'error', 'PROFILE_NOT_FOUND', 'not one');

select * from finish();
rollback;
