begin;
select plan(1);

delete from private.worker_metrics;
select gen_random_uuid() as silent \gset
select public.record_metrics(worker, '[{"name": "edge_credits_streams_open", "labels": {}, "value": 5}]')
from unnest(array[:'silent', gen_random_uuid()]::uuid[]) worker;
update private.worker_metrics set updated_at = now() - interval '61 seconds' where worker = :'silent';

select is(
  jsonb_path_query_array(public.get_metrics(), '$.metrics[*] ? (@.name == "edge_credits_streams_open").value'), '[5]',
  'its streams ended with it'
);

select * from finish();
rollback;
