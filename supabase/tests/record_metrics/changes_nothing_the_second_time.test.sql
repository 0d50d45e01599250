begin;
select plan(2);

select gen_random_uuid() as worker \gset
select '[{"name": "edge_credits_test", "labels": {"of": "a"}, "value": 3}]' as metrics \gset
select is(public.record_metrics(:'worker', :'metrics'), '{"success": true}', 'is told');
select public.record_metrics(:'worker', :'metrics');
select results_eq(
  format('select name, labels, value from private.worker_metrics where worker = %L', :'worker'),
  $$values ('edge_credits_test', '{"of": "a"}'::jsonb, 3::float8)$$, 'totals, not additions'
);

select * from finish();
rollback;
