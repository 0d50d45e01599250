begin;
select plan(2);

select tests.create_type(p_reservation_seconds => 600);
select tests.create_user() as user_id \gset
select public.reserve_generation(:'user_id', 'test') as answer \gset

select is(
  deadline_at - created_at, interval '10 minutes', 'a reservation stands for the reservation_seconds of its type'
)
from public.generation_jobs
where user_id = :'user_id';
select is(
  (:'answer'::jsonb ->> 'expires_at')::timestamptz, deadline_at, 'and the answer says until when'
)
from public.generation_jobs
where user_id = :'user_id';

select * from finish();
rollback;
