begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset
select public.hand_over_generation(:'generation_id', :'lease_token');
-- Everything but the deadline long ago.
update public.generation_jobs
set created_at = '2000-01-01', deadline_at = clock_timestamp() + interval '1 minute'
where id = :'generation_id';
select public.refund_stuck_generations(1000000);
select public.expire_overdue_generations(:'user_id');
select is(tests.status(:'generation_id'), 'processing', 'until then neither the sweeper nor a read touches it');

update public.generation_jobs set deadline_at = clock_timestamp() - interval '1 second' where id = :'generation_id';
select public.refund_stuck_generations(1000000);
select is(tests.status(:'generation_id'), 'expired', 'a provider that never calls back is not waited for any longer');
select is(tests.newest_event(:'user_id') ->> 'reason', 'deadline_passed', 'the ledger says why');
select is(tests.credits(:'user_id'), 10, 'the credits are back');

select * from finish();
rollback;
