begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as generation_id \gset
select tests.account(:'user_id') as before \gset
select public.complete_generation(:'generation_id', '{}', 4) as answer \gset

select is(:'answer'::jsonb ->> 'error', 'INVALID_REQUEST', 'above what was charged');
select is(:'answer'::jsonb ->> 'message', 'The cost must be from 0 to 3, what was charged', 'the message says what may be');
select is(public.complete_generation(:'generation_id', '{}', -1) ->> 'error', 'INVALID_REQUEST', 'below 0');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
