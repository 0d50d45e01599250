begin;
select plan(7);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset
select tests.account(:'user_id') as before \gset

select set_eq(
  format(
    $$select public.reserve_generation(%L, 'test', p_idempotency_key => key) ->> 'error'
    from unnest(array['', 'a b', 'ä', E'a\n', 'a/b', repeat('a', 256)]) key$$,
    :'user_id'
  ),
  array['IDEMPOTENCY_KEY_INVALID'],
  'empty, with other characters, or too long'
);
select is(
  public.submit_generation(:'user_id', 'test', p_idempotency_key => '') ->> 'error', 'IDEMPOTENCY_KEY_INVALID',
  'of a submission'
);
select is(
  public.complete_generation(:'generation_id', p_idempotency_key => '') ->> 'error', 'IDEMPOTENCY_KEY_INVALID',
  'of a completion'
);
select is(
  public.fail_generation(:'generation_id', p_idempotency_key => '') ->> 'error', 'IDEMPOTENCY_KEY_INVALID',
  'of a failure'
);
select is(
  public.release_generation(:'user_id', p_idempotency_key => '') ->> 'error', 'IDEMPOTENCY_KEY_INVALID', 'of a release'
);
select is(
  public.grant_credits(:'user_id', 1, 'gift', '') ->> 'message',
  'An idempotency key is 1 to 255 characters of A-Z a-z 0-9 _ : . -', 'of a grant, in these words'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
