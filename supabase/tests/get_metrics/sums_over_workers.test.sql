begin;
select plan(2);

select public.record_metrics(
  gen_random_uuid(), jsonb_build_array(jsonb_build_object('name', 'edge_credits_test', 'labels', jsonb_build_object('of', l), 'value', v))
)
from (values ('a', 1), ('a', 2.5), ('b', 4)) t (l, v);

select is(
  jsonb_path_query_array(public.get_metrics(), '$.metrics[*] ? (@.name == "edge_credits_test")'),
  '[{"name": "edge_credits_test", "labels": {"of": "a"}, "value": 3.5},
    {"name": "edge_credits_test", "labels": {"of": "b"}, "value": 4}]',
  'by name and labels'
);
update private.worker_metrics set updated_at = now() - interval '50 minutes' where name = 'edge_credits_test';
select is(
  jsonb_path_query(public.get_metrics(), '$.metrics[*] ? (@.name == "edge_credits_test" && @.labels.of == "a").value'), '3.5',
  'a counter counts what silent workers have done, too'
);

select * from finish();
rollback;
