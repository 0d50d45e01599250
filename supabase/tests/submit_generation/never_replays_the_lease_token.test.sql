begin;
select plan(1);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60, p_idempotency_key => 'k') as first \gset

select is(
  public.submit_generation(:'user_id', 'test', p_lease_seconds => 60, p_idempotency_key => 'k'),
  (:'first'::jsonb - 'lease_token') || '{"replayed": true}',
  'who comes second must not work on it'
);

select * from finish();
rollback;
