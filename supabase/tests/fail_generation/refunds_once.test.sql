begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'failed') as generation_id \gset
select tests.account(:'user_id') as before \gset
select public.fail_generation(:'generation_id') as answer \gset

select is(:'answer'::jsonb ->> 'error', 'GENERATION_ALREADY_SETTLED', 'settled exactly once');
select is(:'answer'::jsonb ->> 'state', 'failed', 'and how is told');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
