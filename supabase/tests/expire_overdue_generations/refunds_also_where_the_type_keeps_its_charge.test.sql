begin;
select plan(1);

select tests.create_type(p_refund_on_failure => false);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing');
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';
select public.expire_overdue_generations(:'user_id');

select is(tests.credits(:'user_id'), 10, 'that nothing came is our fault, not a failed attempt');

select * from finish();
rollback;
