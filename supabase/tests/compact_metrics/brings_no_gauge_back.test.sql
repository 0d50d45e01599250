begin;
select plan(1);

delete from private.worker_metrics;
select public.record_metrics(gen_random_uuid(), '[{"name": "edge_credits_streams_open", "labels": {}, "value": 5}]');
update private.worker_metrics set updated_at = now() - interval '61 minutes';
select private.compact_metrics();
select is_empty(
  $$select from jsonb_path_query(public.get_metrics(), '$.metrics[*] ? (@.name == "edge_credits_streams_open" && @.value > 0)')$$,
  'the streams of a worker that is gone are not open again'
);

select * from finish();
rollback;
