begin;
select plan(3);

select tests.create_type();
select tests.create_type('test-other');
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset
select tests.account(:'user_id') as before \gset
select public.submit_generation(:'user_id', 'test-other', null, :'generation_id') as answer \gset

select is(:'answer'::jsonb ->> 'error', 'INVALID_REQUEST', 'the price paid was that of its type');
select is(
  :'answer'::jsonb ->> 'message', 'This generation was reserved as test, not as test-other', 'the message names both'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
