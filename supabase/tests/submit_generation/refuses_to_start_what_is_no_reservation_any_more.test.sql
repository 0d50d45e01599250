begin;
select plan(3);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as processing \gset
select tests.create_generation(:'user_id', 'released') as released \gset
select tests.account(:'user_id') as before \gset

select is(
  public.submit_generation(:'user_id', 'test', null, :'processing') ->> 'error', 'GENERATION_IN_PROGRESS',
  'one that is being worked on'
);
select is(
  public.submit_generation(:'user_id', 'test', null, :'released') - 'epoch',
  jsonb_build_object(
    'success', false, 'error', 'GENERATION_ALREADY_SETTLED', 'message', 'This generation is already released',
    'generation_id', :'released', 'state', 'released', 'credits', 9, 'version', 4
  ),
  'one that is settled, and how'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
