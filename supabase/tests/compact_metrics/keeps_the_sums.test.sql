begin;
select plan(3);

delete from private.worker_metrics;
select public.record_metrics(
  gen_random_uuid(), jsonb_build_array(jsonb_build_object('name', 'edge_credits_test', 'labels', jsonb_build_object('of', l), 'value', 2))
)
from unnest('{a,a,b}'::text[]) l;
update private.worker_metrics set updated_at = now() - interval '61 minutes';
select public.get_metrics() as before \gset
select private.compact_metrics();

select is(public.get_metrics(), :'before'::jsonb, 'a scrape sees no difference');
select results_eq(
  'select worker, labels, value from private.worker_metrics order by labels',
  $$values
    ('00000000-0000-0000-0000-000000000000'::uuid, '{"of": "a"}'::jsonb, 4::float8),
    ('00000000-0000-0000-0000-000000000000', '{"of": "b"}', 2)$$,
  'one row each, under the nil UUID'
);
select public.record_metrics(gen_random_uuid(), '[{"name": "edge_credits_test", "labels": {"of": "a"}, "value": 5}]');
update private.worker_metrics set updated_at = now() - interval '61 minutes';
select private.compact_metrics();
select is(
  (select value from private.worker_metrics where labels = '{"of": "a"}'), 9::float8, 'the next time adds to it'
);

select * from finish();
rollback;
