begin;
select plan(6);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as older \gset
select tests.create_generation(:'user_id', 'reserved') as newer \gset
select public.submit_generation(:'user_id', null, '{"prompt": "a fox"}', :'older') as answer \gset

select is(:'answer'::jsonb ->> 'generation_id', :'older'::text, 'the one named is started');
select is(:'answer'::jsonb ->> 'status', 'processing', 'it is processing');
select is(tests.status(:'newer'), 'reserved', 'the other still stands');
select is(tests.credits(:'user_id'), 4, 'each was charged once');
select is(
  tests.newest_event(:'user_id') - 'version',
  jsonb_build_object(
    'type', 'generation.submitted', 'delta', 0, 'balance', 4, 'reason', 'test', 'actor', 'user', 'generation_id', :'older'
  ),
  'its start is an event without money'
);
select is(input, '{"prompt": "a fox"}'::jsonb, 'its input is kept') from public.generation_jobs where id = :'older';

select * from finish();
rollback;
