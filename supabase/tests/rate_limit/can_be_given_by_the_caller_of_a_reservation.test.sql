begin;
select plan(2);

select tests.create_type(p_rate_limit_seconds => 60);
select tests.create_user() as user_id \gset
update public.profiles set last_generate_at = clock_timestamp() - interval '20 seconds' where id = :'user_id';

select is(
  public.reserve_generation(:'user_id', 'test', 100) ->> 'error', 'RATE_LIMITED', 'a longer limit than the type''s'
);
select is(public.reserve_generation(:'user_id', 'test', 0) -> 'success', 'true', 'a shorter one');

select * from finish();
rollback;
