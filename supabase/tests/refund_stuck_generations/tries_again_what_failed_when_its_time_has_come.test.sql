begin;
select plan(5);

set local client_min_messages = error;
select tests.create_type();
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing') as generation_id \gset
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';
select tests.forbid_to_expire(:'generation_id');
select public.refund_stuck_generations();

select is(
  public.refund_stuck_generations() - array['run', 'more'], '{"success": true, "expired": 0, "refunded": 0, "failed": 0}',
  'not before'
);
create function pg_temp.fail_again(p_generation_id uuid)
returns interval
language plpgsql
as $$
begin
  update private.sweep_failures set retry_at = clock_timestamp() where generation_id = p_generation_id;
  perform public.refund_stuck_generations();
  return (select retry_at - last_failed_at from private.sweep_failures where generation_id = p_generation_id);
end;
$$;
select results_eq(
  format('select pg_temp.fail_again(%L) from generate_series(2, 9)', :'generation_id'),
  array['2m', '4m', '8m', '16m', '32m', '1h', '1h', '1h']::interval[],
  'each time after twice as long, an hour at most'
);
select is(attempts, 9, 'the attempts are counted') from private.sweep_failures where generation_id = :'generation_id';

select tests.allow_to_expire();
select is(public.refund_stuck_generations() -> 'expired', '0', 'also where the reason has gone, not before');
update private.sweep_failures set retry_at = clock_timestamp() where generation_id = :'generation_id';
select public.refund_stuck_generations();
select is(tests.credits(:'user_id'), 10, 'but then the credits are back');

select * from finish();
rollback;
