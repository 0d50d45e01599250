begin;
select plan(5);

select tests.create_type(p_timeout_seconds => 900);
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', '{"prompt": "a fox"}') as answer \gset
select :'answer'::jsonb ->> 'generation_id' as generation_id \gset

select is(
  :'answer'::jsonb - 'deadline_at',
  jsonb_build_object(
    'success', true, 'generation_id', :'generation_id', 'status', 'processing', 'cost', 3, 'credits', 7, 'version', 2,
    'epoch', (select epoch from private.settings)
  ),
  'the answer names the generation, its cost, and where the account now stands'
);
select is(
  tests.newest_event(:'user_id'),
  jsonb_build_object(
    'version', 2, 'type', 'generation.submitted', 'delta', -3, 'balance', 7, 'reason', 'test', 'actor', 'user',
    'generation_id', :'generation_id'
  ),
  'one event, with the charge'
);
select is(input, '{"prompt": "a fox"}'::jsonb, 'the input is kept') from public.generation_jobs where id = :'generation_id';
select is(
  deadline_at - created_at, interval '15 minutes', 'its deadline is the timeout_seconds of its type'
)
from public.generation_jobs
where id = :'generation_id';
select is(
  (:'answer'::jsonb ->> 'deadline_at')::timestamptz, deadline_at, 'and the answer says when'
)
from public.generation_jobs
where id = :'generation_id';

select * from finish();
rollback;
