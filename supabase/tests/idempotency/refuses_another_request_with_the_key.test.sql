begin;
select plan(8);

select tests.create_type('test', 1);
select tests.create_type('test-other', 1);
select tests.create_user() as user_id \gset
select public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k') ->> 'generation_id' as generation_id \gset
select public.submit_generation(:'user_id', 'test', '{"prompt": "a fox"}', p_idempotency_key => 'k');
select public.complete_generation(:'generation_id', '{}', 0, p_idempotency_key => 'k');
select tests.create_generation(:'user_id', 'reserved') as other \gset
select public.release_generation(:'user_id', :'other', 'one', 'k');
select public.grant_credits(:'user_id', 5, 'gift', 'k');
select tests.account(:'user_id') as before \gset

select is(
  public.reserve_generation(:'user_id', 'test-other', p_idempotency_key => 'k') ->> 'error', 'IDEMPOTENCY_KEY_REUSED',
  'a reservation of another type'
);
select is(
  public.submit_generation(:'user_id', 'test', '{"prompt": "a cat"}', p_idempotency_key => 'k') ->> 'error',
  'IDEMPOTENCY_KEY_REUSED', 'a submission of another input'
);
select is(
  public.complete_generation(:'generation_id', '{}', 1, p_idempotency_key => 'k') ->> 'error', 'IDEMPOTENCY_KEY_REUSED',
  'a completion at another cost'
);
select is(
  public.fail_generation(:'generation_id', p_idempotency_key => 'k') ->> 'error', 'IDEMPOTENCY_KEY_REUSED',
  'a failure after a completion'
);
select is(
  public.release_generation(:'user_id', :'other', 'two', 'k') ->> 'error', 'IDEMPOTENCY_KEY_REUSED',
  'a release for another reason'
);
select is(
  public.grant_credits(:'user_id', 6, 'gift', 'k') ->> 'error', 'IDEMPOTENCY_KEY_REUSED', 'a grant of another amount'
);
select is(
  public.grant_credits(:'user_id', 5, 'prize', 'k') ->> 'message',
  'This idempotency key was used for another request; a new request needs a new key', 'the message says what to do'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
