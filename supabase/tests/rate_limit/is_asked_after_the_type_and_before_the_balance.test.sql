begin;
select plan(3);

select tests.create_type(p_rate_limit_seconds => 60);
select tests.create_user(0) as user_id \gset
update public.profiles set last_generate_at = clock_timestamp() where id = :'user_id';

select is(
  public.reserve_generation(:'user_id', 'test-none') ->> 'error', 'UNKNOWN_TYPE', 'without a type there is no limit'
);
select is(
  public.reserve_generation(:'user_id', 'test') ->> 'error', 'RATE_LIMITED', 'the limit is told before the balance'
);
update public.profiles set last_generate_at = null where id = :'user_id';
select is(
  public.reserve_generation(:'user_id', 'test') ->> 'error', 'INSUFFICIENT_CREDITS', 'the balance is told last'
);

select * from finish();
rollback;
