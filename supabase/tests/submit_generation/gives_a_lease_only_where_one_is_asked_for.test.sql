begin;
select plan(5);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as leased \gset
select public.submit_generation(:'user_id', 'test') as free \gset
select public.reserve_generation(:'user_id', 'test');
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as claimed \gset

select is(
  (:'leased'::jsonb ->> 'lease_token')::uuid, lease_token, 'the token in the answer is the generation''s'
)
from public.generation_jobs
where id = (:'leased'::jsonb ->> 'generation_id')::uuid;
select ok(
  lease_expires_at between clock_timestamp() + interval '50 seconds' and clock_timestamp() + interval '60 seconds',
  'the lease runs for the seconds asked for'
)
from public.generation_jobs
where id = (:'leased'::jsonb ->> 'generation_id')::uuid;
select ok(not :'free'::jsonb ? 'lease_token', 'without seconds there is no token');
select is(
  lease_expires_at, null, 'and no lease'
)
from public.generation_jobs
where id = (:'free'::jsonb ->> 'generation_id')::uuid;
select is(
  (:'claimed'::jsonb ->> 'lease_token')::uuid, lease_token, 'a reservation that is started gets its lease too'
)
from public.generation_jobs
where id = (:'claimed'::jsonb ->> 'generation_id')::uuid;

select * from finish();
rollback;
