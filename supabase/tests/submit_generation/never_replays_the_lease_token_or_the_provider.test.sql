begin;
select plan(2);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60, p_idempotency_key => 'k') as first \gset
select public.reserve_generation(:'user_id', 'test');
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60, p_idempotency_key => 'l') as claimed \gset

select is(
  public.submit_generation(:'user_id', 'test', p_lease_seconds => 60, p_idempotency_key => 'k'),
  (:'first'::jsonb - array['lease_token', 'provider', 'provider_options', 'charged', 'type']) || '{"replayed": true}',
  'who comes second must not work on it'
);
select is(
  public.submit_generation(:'user_id', 'test', p_lease_seconds => 60, p_idempotency_key => 'l'),
  (:'claimed'::jsonb - array['lease_token', 'provider', 'provider_options', 'charged', 'type']) || '{"replayed": true}',
  'nor on a reservation that was started'
);

select * from finish();
rollback;
