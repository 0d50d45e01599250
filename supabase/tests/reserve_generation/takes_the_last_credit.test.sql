begin;
select plan(3);

select tests.create_type();
select tests.create_user(3) as user_id \gset

select is(public.reserve_generation(:'user_id', 'test') -> 'credits', '0', 'a balance of exactly the cost is enough');
select is(public.reserve_generation(:'user_id', 'test') ->> 'error', 'INSUFFICIENT_CREDITS', 'the next one is refused');
select is(tests.credits(:'user_id'), 0, 'and the balance stays at 0');

select * from finish();
rollback;
