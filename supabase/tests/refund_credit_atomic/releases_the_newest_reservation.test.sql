begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as older \gset
select tests.create_generation(:'user_id', 'reserved') as newer \gset

select is(public.refund_credit_atomic(:'user_id') ->> 'generation_id', :'newer'::text, 'the newest');
select is(tests.credits(:'user_id'), 7, 'its cost is back');
select is(tests.status(:'older'), 'reserved', 'the other still stands');

select * from finish();
rollback;
