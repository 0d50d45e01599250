begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) ->> 'generation_id' as generation_id \gset
update public.generation_jobs set lease_expires_at = clock_timestamp() - interval '1 second' where id = :'generation_id';
select public.refund_stuck_generations(1000000);

select is(tests.status(:'generation_id'), 'expired', 'a killed worker is not waited for until the deadline');
select is(tests.newest_event(:'user_id') ->> 'reason', 'lease_lapsed', 'the ledger says why');
select is(tests.credits(:'user_id'), 10, 'the credits are back');
select is(lease_token, null, 'the lease is over') from public.generation_jobs where id = :'generation_id';

select * from finish();
rollback;
