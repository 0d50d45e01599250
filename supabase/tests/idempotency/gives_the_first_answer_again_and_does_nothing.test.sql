begin;
select plan(7);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k') as reserved \gset
select :'reserved'::jsonb ->> 'generation_id' as generation_id \gset
select public.submit_generation(
  :'user_id', 'test', '{"prompt": "a fox"}', :'generation_id', p_idempotency_key => 'k'
) as submitted \gset
select public.complete_generation(:'generation_id', '{}', 0, p_idempotency_key => 'k') as completed \gset
select tests.create_generation(:'user_id', 'processing') as failing \gset
select public.fail_generation(:'failing', p_idempotency_key => 'k2') as failed \gset
select tests.create_generation(:'user_id', 'reserved');
select public.release_generation(:'user_id', p_idempotency_key => 'k') as released \gset
select public.grant_credits(:'user_id', 5, 'gift', 'k') as granted \gset
select tests.account(:'user_id') as before \gset

select is(
  public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k'), :'reserved'::jsonb || '{"replayed": true}',
  'a reservation'
);
select is(
  public.submit_generation(:'user_id', 'test', '{"prompt": "a fox"}', :'generation_id', p_idempotency_key => 'k'),
  :'submitted'::jsonb || '{"replayed": true}',
  'a submission'
);
select is(
  public.complete_generation(:'generation_id', '{}', 0, p_idempotency_key => 'k'),
  :'completed'::jsonb || '{"replayed": true}',
  'a completion'
);
select is(
  public.fail_generation(:'failing', p_idempotency_key => 'k2'), :'failed'::jsonb || '{"replayed": true}', 'a failure'
);
select is(
  public.release_generation(:'user_id', p_idempotency_key => 'k'), :'released'::jsonb || '{"replayed": true}',
  'a release'
);
select is(
  public.grant_credits(:'user_id', 5, 'gift', 'k'), :'granted'::jsonb || '{"replayed": true}', 'a grant'
);
select is(tests.account(:'user_id'), :'before', 'a replay changes nothing');

select * from finish();
rollback;
