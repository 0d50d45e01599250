begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as older \gset
select tests.create_generation(:'user_id', 'reserved') as newer \gset

select is(
  public.release_generation(:'user_id', :'older', 'changed_my_mind') - 'epoch',
  jsonb_build_object(
    'success', true, 'generation_id', :'older', 'status', 'released', 'cost', 3, 'refunded', 3, 'credits', 7,
    'version', 4, 'user_id', :'user_id'
  ),
  'the one named is released, and the answer says how much came back'
);
select is(
  tests.newest_event(:'user_id'),
  jsonb_build_object(
    'version', 4, 'type', 'generation.released', 'delta', 3, 'balance', 7, 'reason', 'changed_my_mind', 'actor', 'user',
    'generation_id', :'older'
  ),
  'the ledger says why, and who'
);
select is(tests.status(:'newer'), 'reserved', 'the other still stands');

select * from finish();
rollback;
