begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset
select version from public.profiles where id = :'user_id' \gset

select is(
  public.hand_over_generation(:'generation_id', :'lease_token'),
  jsonb_build_object('success', true, 'deadline_at', :'hold'::jsonb -> 'deadline_at'),
  'the answer says until when the provider has time'
);
select row_eq(
  format(
    'select status::text, lease_token, lease_expires_at, deadline_at from public.generation_jobs where id = %L',
    :'generation_id'
  ),
  row (
    'processing'::text, :'lease_token'::uuid, null::timestamptz, (:'hold'::jsonb ->> 'deadline_at')::timestamptz
  ),
  'nobody is waited for, and the token is still what it takes'
);
select is(version, :version::bigint, 'it makes no event') from public.profiles where id = :'user_id';

select * from finish();
rollback;
