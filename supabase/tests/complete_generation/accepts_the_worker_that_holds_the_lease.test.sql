begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset

select is(
  public.complete_generation(:'generation_id', p_lease_token => :'lease_token') ->> 'status', 'completed',
  'with its token'
);
select is(tests.newest_event(:'user_id') ->> 'actor', 'worker', 'the ledger says that a worker did');
select is(lease_token, null, 'the lease is over') from public.generation_jobs where id = :'generation_id';

select * from finish();
rollback;
