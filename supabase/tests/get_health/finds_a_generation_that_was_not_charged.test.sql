begin;
select plan(1);

select public.refund_stuck_generations(1000000);
select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved');
insert into public.generation_jobs (user_id, version, type, status, cost, refund_on_failure, deadline_at)
values (:'user_id', 99, 'test', 'processing', 3, true, now() + interval '30 minutes');

select is(
  jsonb_path_query_array(public.get_health(), '$.checks[*] ? (@.ok == false)'),
  '[{"name": "uncharged_generations", "ok": false, "count": 1,
    "meaning": "unsettled generations without their charge in the ledger"}]',
  'a planted row; one that was charged is none'
);

select * from finish();
rollback;
