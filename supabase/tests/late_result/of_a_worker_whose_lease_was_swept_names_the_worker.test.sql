begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset
update public.generation_jobs set lease_expires_at = '2000-01-01' where id = :'generation_id';
select public.refund_stuck_generations(1);

select is(
  public.complete_generation(:'generation_id', p_lease_token => :'lease_token') ->> 'state', 'expired',
  'its token does not open what was swept'
);
select is(tests.newest_event(:'user_id') ->> 'actor', 'worker', 'the event says that a worker came late');
select is(tests.credits(:'user_id'), 10, 'the refund stands');

select * from finish();
rollback;
