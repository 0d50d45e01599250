begin;
select plan(2);

select tests.create_type('test', 1);
select tests.create_user(100) as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'reserved') from generate_series(1, 30);
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';

-- A lock that is taken while the loop runs skips what the loop itself has written: after the ten rows that plpgsql fetches
-- at first, every other row of the account.
select is(public.refund_stuck_generations(500) -> 'expired', '30', 'as many as the limit allows');
select is(tests.credits(:'user_id'), 100, 'and everything is back');

select * from finish();
rollback;
