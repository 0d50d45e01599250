begin;
select plan(2);

select tests.create_type(p_rate_limit_seconds => 60);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'released') as generation_id \gset

select is(tests.credits(:'user_id'), 10, 'the credits are back');
select is(public.reserve_generation(:'user_id', 'test') ->> 'error', 'RATE_LIMITED', 'the limit still runs');

select * from finish();
rollback;
