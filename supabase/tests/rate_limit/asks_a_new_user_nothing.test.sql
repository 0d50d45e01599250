begin;
select plan(1);

select tests.create_type(p_rate_limit_seconds => 86400);
select tests.create_user() as user_id \gset

select is(public.reserve_generation(:'user_id', 'test') -> 'success', 'true', 'the first generation waits for nothing');

select * from finish();
rollback;
