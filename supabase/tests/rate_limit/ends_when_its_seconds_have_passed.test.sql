begin;
select plan(1);

select tests.create_type(p_rate_limit_seconds => 10);
select tests.create_user() as user_id \gset
update public.profiles set last_generate_at = clock_timestamp() - interval '10 seconds' where id = :'user_id';

select is(public.reserve_generation(:'user_id', 'test') -> 'success', 'true', 'then the next generation is served');

select * from finish();
rollback;
