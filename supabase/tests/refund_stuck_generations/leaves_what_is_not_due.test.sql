begin;
select plan(1);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved');
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60);
select tests.create_generation(:'user_id', status) from unnest(array['processing', 'reserved']) status;
select tests.account(:'user_id') as before \gset
select public.refund_stuck_generations(1000000);

select is(tests.account(:'user_id'), :'before', 'reservations, submissions and leases that run are left alone');

select * from finish();
rollback;
