begin;
select plan(1);

select gen_random_uuid() as one \gset
select gen_random_uuid() as two \gset
select public.record_metrics(
  worker,
  '[{"name": "edge_credits_test", "labels": {"of": "a"}, "value": 1},
    {"name": "edge_credits_test", "labels": {"of": "b"}, "value": 1},
    {"name": "edge_credits_other", "labels": {}, "value": 1}]'
)
from unnest(array[:'one', :'two']::uuid[]) worker;
select is(
  (select count(*) from private.worker_metrics where worker in (:'one', :'two')), 6::bigint, 'a row each'
);

select * from finish();
rollback;
