begin;
select plan(2);

select tests.create_type('test-slow', p_rate_limit_seconds => 60);
select tests.create_type('test-fast', p_rate_limit_seconds => 0);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed', 'test-fast') as generation_id \gset

select is(
  public.reserve_generation(:'user_id', 'test-slow') ->> 'error', 'RATE_LIMITED',
  'a generation of another type counts'
);
select is(
  public.reserve_generation(:'user_id', 'test-fast') -> 'success', 'true',
  'a type without a limit is not held up by one that has'
);

select * from finish();
rollback;
