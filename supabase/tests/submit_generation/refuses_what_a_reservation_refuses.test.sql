begin;
select plan(4);

select tests.create_type();
select tests.create_user(2) as user_id \gset
select tests.account(:'user_id') as before \gset

select is(public.submit_generation(gen_random_uuid(), 'test') ->> 'error', 'PROFILE_NOT_FOUND', 'an unknown user');
select is(public.submit_generation(:'user_id', 'test-none') ->> 'error', 'UNKNOWN_TYPE', 'an unknown type');
select is(public.submit_generation(:'user_id', 'test') ->> 'error', 'INSUFFICIENT_CREDITS', 'a balance below the cost');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
