begin;
select plan(1);

select tests.create_type(p_rate_limit_seconds => 60);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') as generation_id \gset
update public.profiles set last_generate_at = clock_timestamp() - interval '1 hour' where id = :'user_id';
select public.release_generation(:'user_id', :'generation_id');

select is(
  public.reserve_generation(:'user_id', 'test') -> 'success', 'true', 'giving back is no generation: only a charge counts'
);

select * from finish();
rollback;
