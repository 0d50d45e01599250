begin;
select plan(2);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset
update public.generation_jobs set lease_expires_at = clock_timestamp() - interval '1 second' where id = :'generation_id';

select is(
  public.hand_over_generation(:'generation_id', :'lease_token') -> 'success', 'true',
  'the token decides, and not the clock: the provider has the job already'
);
select public.refund_stuck_generations(1000000);
select is(tests.status(:'generation_id'), 'processing', 'and from then on the sweeper leaves it');

select * from finish();
rollback;
