begin;
select plan(1);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', status)
from unnest(array['completed', 'failed', 'released', 'expired']) status;
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';
select tests.account(:'user_id') as before \gset
select public.refund_stuck_generations(1000000);

select is(tests.account(:'user_id'), :'before', 'a deadline that passed after the end is nothing');

select * from finish();
rollback;
