begin;
select plan(5);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', status) as generation_id
from unnest(array['failed', 'released', 'expired']) status;

select set_eq(
  format(
    'select public.complete_generation(id, ''{}'') ->> ''state'' from public.generation_jobs where user_id = %L', :'user_id'
  ),
  array['failed', 'released', 'expired'],
  'failed, released and expired ones are refused by name'
);
select is(
  count(*)::integer, 3, 'each is an event'
)
from public.account_events
where user_id = :'user_id' and type = 'generation.late_result';
select is(tests.credits(:'user_id'), 10, 'no money moves');
select is_empty(
  format('select from public.generation_results where user_id = %L', :'user_id'), 'no result is kept that was not paid for'
);
select is_empty(
  format('select from public.generation_jobs where user_id = %L and status = ''completed''', :'user_id'),
  'nothing becomes completed'
);

select * from finish();
rollback;
