begin;
select plan(1);

-- Past the functions: an operator puts a released generation back by hand, and its user releases it again.
select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'released') as generation_id \gset
update public.generation_jobs
set status = 'reserved', refunded = 0, refunded_at = null, finished_at = null
where id = :'generation_id';

select throws_ok(
  format('select public.release_generation(%L, %L)', :'user_id', :'generation_id'), '23505', null,
  'a generation is refunded once: by constraint, not only by code'
);

select * from finish();
rollback;
