begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset

select is(public.fail_generation(:'generation_id') ->> 'status', 'failed', 'straight from its reservation');
select is(tests.credits(:'user_id'), 10, 'the cost is back');
select is(tests.newest_event(:'user_id') ->> 'reason', 'failed', 'where no reason is given it is: failed');

select * from finish();
rollback;
