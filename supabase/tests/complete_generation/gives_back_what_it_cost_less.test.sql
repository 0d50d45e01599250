begin;
select plan(5);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as generation_id \gset
select public.complete_generation(:'generation_id', p_cost => 1) as answer \gset

select is(:'answer'::jsonb -> 'refunded', '2', 'the answer says how much');
select is(tests.credits(:'user_id'), 9, 'the rest of the charge is back');
select is(
  tests.newest_event(:'user_id') ->> 'reason', 'settled_below_cost', 'the ledger says why'
);
select is(tests.newest_event(:'user_id') -> 'delta', '2', 'and how much');
select isnt(refunded_at, null, 'the generation says when') from public.generation_jobs where id = :'generation_id';

select * from finish();
rollback;
