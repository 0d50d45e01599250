begin;
select plan(1);

select tests.create_type(p_reservation_seconds => null);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset
update public.generation_jobs set created_at = '2000-01-01' where id = :'generation_id';
select tests.account(:'user_id') as before \gset
select public.refund_stuck_generations(1000000);

select is(tests.account(:'user_id'), :'before', 'its deduction stands until it is submitted or released');

select * from finish();
rollback;
