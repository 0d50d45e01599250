begin;
select plan(1);

delete from private.worker_metrics;
select gen_random_uuid() as worker \gset
select public.record_metrics(:'worker', '[{"name": "edge_credits_test", "labels": {}, "value": 2}]');
update private.worker_metrics set updated_at = now() - interval '59 minutes';
select private.compact_metrics();
select is((select worker from private.worker_metrics), :'worker'::uuid, 'one that told within the hour');

select * from finish();
rollback;
