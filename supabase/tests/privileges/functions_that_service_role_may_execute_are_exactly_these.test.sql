begin;
select plan(2);

-- By list: a new function fails here until somebody has said that it may be called.
create temporary table listed (signature text) on commit drop;
insert into listed values
  ('complete_generation(uuid,jsonb,integer,uuid,text)'),
  ('deduct_credit_atomic(uuid,integer)'),
  ('expire_overdue_generations(uuid)'),
  ('extend_lease(uuid,uuid,integer)'),
  ('fail_generation(uuid,text,uuid,text)'),
  ('get_account(uuid,text)'),
  ('get_account_history(uuid,bigint,integer,text)'),
  ('get_generation(uuid,uuid,text)'),
  ('get_generation_types()'),
  ('get_generations(uuid,bigint,integer,text)'),
  ('get_health()'),
  ('get_metrics()'),
  ('get_preferences(uuid,text,text)'),
  ('grant_credits(uuid,integer,text,text)'),
  ('hand_over_generation(uuid,uuid)'),
  ('open_account(uuid,text)'),
  ('open_stream(uuid,text[],boolean)'),
  ('poll_events(uuid[],bigint[],text[],bigint[],integer)'),
  ('publish_notification(text,text,text,text,jsonb,text)'),
  ('record_change(uuid,text)'),
  ('record_metrics(uuid,jsonb)'),
  ('refund_credit_atomic(uuid)'),
  ('refund_stuck_generations(integer,bigint)'),
  ('release_generation(uuid,uuid,text,text)'),
  ('reserve_generation(uuid,text,integer,text)'),
  ('rotate_epoch()'),
  ('set_preferences(uuid,text,boolean,integer,text)'),
  ('submit_generation(uuid,text,jsonb,uuid,integer,text)');
create temporary view ours as
select p.oid, n.nspname, p.proname, p.oid::regprocedure::text as signature
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'private')
  and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e');

select set_eq(
  $$select signature from ours where nspname = 'public'$$, 'select signature from listed',
  'every function of public is listed here'
);
select set_eq(
  $$select signature from ours where has_function_privilege('service_role', oid, 'execute')$$,
  'select signature from listed',
  'service_role executes what is listed, and nothing of private'
);

select * from finish();
rollback;
