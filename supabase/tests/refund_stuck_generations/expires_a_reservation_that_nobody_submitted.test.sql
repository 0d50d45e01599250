begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset
update public.generation_jobs set deadline_at = clock_timestamp() - interval '1 second' where id = :'generation_id';
select public.refund_stuck_generations(1000000);

select is(tests.status(:'generation_id'), 'expired', 'a reload between the two calls costs nothing');
select is(tests.newest_event(:'user_id') ->> 'reason', 'reservation_expired', 'the ledger says why');
select is(tests.credits(:'user_id'), 10, 'the credits are back');

select * from finish();
rollback;
