begin;
select plan(2);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60);
select tests.create_generation(:'user_id', 'processing');
update public.generation_jobs
set
  deadline_at = clock_timestamp() + case when lease_token is null then interval '-4 minutes' else '30 minutes' end,
  lease_expires_at = case when lease_token is not null then clock_timestamp() - interval '2 minutes' end
where user_id = :'user_id';

select is(
  jsonb_path_query_array(public.get_health(), '$.checks[*] ? (@.ok == false)'),
  '[{"name": "overdue_generations", "ok": false, "count": 1,
    "meaning": "generations more than 3 minutes overdue: the sweeper does not run, or cannot"}]',
  'what is overdue for more than three minutes; a sweeper that is one run late is no fault'
);
select public.refund_stuck_generations(1000000);
select is(public.get_health() -> 'healthy', 'true', 'a run of the sweeper heals it');

select * from finish();
rollback;
