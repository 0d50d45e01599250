begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset

select is(public.complete_generation(:'generation_id') ->> 'status', 'completed', 'straight from its reservation');
select is(tests.credits(:'user_id'), 7, 'the charge stands');
select is_empty(
  format('select from public.generation_results where generation_id = %L', :'generation_id'),
  'without a result no result is kept'
);

select * from finish();
rollback;
