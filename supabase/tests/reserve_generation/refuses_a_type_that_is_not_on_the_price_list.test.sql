begin;
select plan(4);

select tests.create_user() as user_id \gset
select tests.account(:'user_id') as before \gset
select public.reserve_generation(:'user_id', 'test-none') as answer \gset

select is(:'answer'::jsonb ->> 'error', 'UNKNOWN_TYPE', 'there is no price for it');
select is(:'answer'::jsonb ->> 'message', 'There is no generation type test-none', 'the message names it');
select is(:'answer'::jsonb -> 'credits', '10', 'the refusal says where the account stands');
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
