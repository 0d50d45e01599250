begin;
select plan(5);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'expired') as generation_id \gset
select public.complete_generation(:'generation_id', '{"url": "x"}') as answer \gset

select is(
  :'answer'::jsonb - 'epoch',
  jsonb_build_object(
    'success', false, 'error', 'GENERATION_ALREADY_SETTLED', 'message', 'This generation is already expired',
    'generation_id', :'generation_id', 'state', 'expired', 'credits', 10, 'version', 4
  ),
  'the refusal says how it was settled, and where the account stands after the event'
);
select is(
  tests.newest_event(:'user_id'),
  jsonb_build_object(
    'version', 4, 'type', 'generation.late_result', 'delta', 0, 'balance', 10, 'reason', 'late_result',
    'actor', 'operator', 'generation_id', :'generation_id'
  ),
  'the ledger has it, without money'
);
select isnt(late_result_at, null, 'the generation says when') from public.generation_jobs where id = :'generation_id';
select tests.account(:'user_id') as before \gset
select is(
  public.complete_generation(:'generation_id', '{"url": "x"}') ->> 'error', 'GENERATION_ALREADY_SETTLED',
  'the second late result is refused as the first'
);
select is(tests.account(:'user_id'), :'before', 'and changes nothing at all');

select * from finish();
rollback;
