begin;
select plan(3);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select public.grant_credits(:'user_id', i, 'gift') from generate_series(1, 4) i;
select public.publish_notification('test', 'k', 's' || i, 'x') from generate_series(1, 4) i;
select public.poll_events(array[:'user_id']::uuid[], '{2}', '{test}', '{1}') as answer \gset

select is(
  jsonb_path_query_array(:'answer'::jsonb, '$.accounts[0].events[*].version'), '[3, 4, 5]', 'events after the version'
);
select is(
  :'answer'::jsonb -> 'accounts' -> 0 -> 'events' -> 0 #- '{created_at}',
  '{"version": 3, "type": "credit.granted", "delta": 2, "balance": 13, "reason": "gift", "actor": "operator",
    "generation_id": null}',
  'each with the balance after it'
);
select is(
  jsonb_path_query_array(:'answer'::jsonb, '$.topics[0].notifications[*].id'), '[2, 3, 4]', 'notifications after the id'
);

select * from finish();
rollback;
