begin;
select plan(3);

set local client_min_messages = error;
select tests.create_type();
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing') as generation_id \gset
update public.generation_jobs set deadline_at = clock_timestamp() - interval '1 second' where user_id = :'user_id';
select tests.forbid_to_expire(:'generation_id');
select public.refund_stuck_generations(1000000);

select is(public.get_health() -> 'healthy', 'false', 'is not healthy');
select is(
  jsonb_path_query_array(public.get_health(), '$.checks[*] ? (@.ok == false)'),
  '[{"name": "failed_refunds", "ok": false, "count": 1,
    "meaning": "generations that the sweeper could not refund: see private.sweep_failures"}]',
  'and says what, before anything is overdue for long'
);
select public.release_generation(null, :'generation_id', 'by hand');
select is(public.get_health() -> 'healthy', 'true', 'until it is settled');

select * from finish();
rollback;
