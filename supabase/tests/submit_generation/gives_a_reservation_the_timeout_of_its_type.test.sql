begin;
select plan(1);

select tests.create_type(p_reservation_seconds => 60, p_timeout_seconds => 900);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset
update public.generation_jobs
set created_at = created_at - interval '50 seconds', deadline_at = deadline_at - interval '50 seconds'
where id = :'generation_id';
select public.submit_generation(:'user_id', 'test');

select ok(
  deadline_at between clock_timestamp() + interval '890 seconds' and clock_timestamp() + interval '900 seconds',
  'its deadline counts from its start, not from its reservation'
)
from public.generation_jobs
where id = :'generation_id';

select * from finish();
rollback;
