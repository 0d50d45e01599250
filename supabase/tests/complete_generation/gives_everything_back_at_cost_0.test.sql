begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as generation_id \gset

select is(public.complete_generation(:'generation_id', p_cost => 0) -> 'refunded', '3', 'all of it');
select is(tests.credits(:'user_id'), 10, 'is back');
select is(tests.status(:'generation_id'), 'completed', 'and it is completed all the same');

select * from finish();
rollback;
