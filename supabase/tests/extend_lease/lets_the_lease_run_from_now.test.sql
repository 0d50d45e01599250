begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset
update public.generation_jobs set lease_expires_at = clock_timestamp() - interval '1 second' where id = :'generation_id';
select version from public.profiles where id = :'user_id' \gset
select public.extend_lease(:'generation_id', :'lease_token', 90) as answer \gset

select ok(
  lease_expires_at between clock_timestamp() + interval '80 seconds' and clock_timestamp() + interval '90 seconds',
  'for the seconds asked for, also where it was late'
)
from public.generation_jobs
where id = :'generation_id';
select is(
  :'answer'::jsonb,
  jsonb_build_object('success', true, 'lease_expires_at', lease_expires_at), 'the answer says until when'
)
from public.generation_jobs
where id = :'generation_id';
select is(version, :version::bigint, 'a heartbeat makes no event') from public.profiles where id = :'user_id';

select * from finish();
rollback;
