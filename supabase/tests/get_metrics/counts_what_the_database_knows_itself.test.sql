begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');
select public.publish_notification('test', 'k', 's' || i, 'x') from generate_series(1, 3) i;
select public.get_metrics() as before \gset
select tests.create_generation(:'user_id', 'processing');
select tests.create_generation(:'user_id', 'expired');
select public.get_metrics() as after \gset

create function pg_temp.metric(p_metrics jsonb, p_name text, p_labels jsonb default '{}')
returns numeric
language sql
as $$
  select coalesce(sum((m ->> 'value')::numeric), 0)
  from jsonb_array_elements(p_metrics -> 'metrics') m
  where m ->> 'name' = p_name and m -> 'labels' = p_labels
$$;
select is(
  pg_temp.metric(:'after', 'edge_credits_notifications_stored', '{"topic": "test"}'), 3::numeric, 'notifications by topic'
);
select is(
  pg_temp.metric(:'after', 'edge_credits_generations_unsettled', '{"status": "processing"}')
    - pg_temp.metric(:'before', 'edge_credits_generations_unsettled', '{"status": "processing"}'),
  1::numeric, 'generations that are unsettled'
);
select is(
  pg_temp.metric(:'after', 'edge_credits_swept_generations') - pg_temp.metric(:'before', 'edge_credits_swept_generations'),
  1::numeric, 'generations that the sweeper expired'
);
select is(
  pg_temp.metric(:'after', 'edge_credits_swept_credits') - pg_temp.metric(:'before', 'edge_credits_swept_credits'),
  3::numeric, 'and what it gave back'
);

select * from finish();
rollback;
