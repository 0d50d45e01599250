begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed') as generation_id \gset
select tests.account(:'user_id') as before \gset
select public.complete_generation(:'generation_id', '{"url": "y"}') as answer \gset

select is(:'answer'::jsonb ->> 'error', 'GENERATION_ALREADY_SETTLED', 'settled exactly once');
select is(:'answer'::jsonb ->> 'state', 'completed', 'and how is told');
select is(tests.account(:'user_id'), :'before', 'not even an event: the first result stands');

select * from finish();
rollback;
