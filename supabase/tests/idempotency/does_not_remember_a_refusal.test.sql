begin;
select plan(4);

select tests.create_type();
select tests.create_user(0) as user_id \gset

select is(
  public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k') ->> 'error', 'INSUFFICIENT_CREDITS',
  'a request is refused'
);
select public.grant_credits(:'user_id', 3, 'top-up');
select is(
  public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k') -> 'success', 'true',
  'the same, with its key, is decided anew'
);
select is(
  public.submit_generation(:'user_id', 'test', null, gen_random_uuid(), p_idempotency_key => 'k') ->> 'error',
  'GENERATION_NOT_FOUND', 'a submission is refused'
);
select is(
  public.submit_generation(:'user_id', 'test', p_idempotency_key => 'k') -> 'success', 'true',
  'and leaves its key free for another request'
);

select * from finish();
rollback;
