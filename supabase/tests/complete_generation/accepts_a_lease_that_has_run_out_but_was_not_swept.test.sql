begin;
select plan(1);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset
update public.generation_jobs set lease_expires_at = clock_timestamp() - interval '1 minute' where id = :'generation_id';

select is(
  public.complete_generation(:'generation_id', p_lease_token => :'lease_token') -> 'success', 'true',
  'the guard is the token, not the clock: a paid result is not thrown away'
);

select * from finish();
rollback;
