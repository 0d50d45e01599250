begin;
select plan(1);

select public.refund_stuck_generations(1000000);
select tests.create_user() as user_id \gset
alter table public.profiles disable trigger zz_guard_direct_write;
update public.profiles set credits = 11 where id = :'user_id';

select is(
  jsonb_path_query_array(public.get_health(), '$.checks[*] ? (@.ok == false)'),
  '[{"name": "ledger_drift", "ok": false, "count": 1,
    "meaning": "accounts whose balance is not that of their newest event"}]',
  'a planted credit'
);

select * from finish();
rollback;
