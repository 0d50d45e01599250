begin;
select plan(4);

select tests.create_user() as one \gset
select tests.create_user() as two \gset
insert into public.topics (name, audience) values ('test', 'authenticated');
select public.grant_credits(u, 1, 'gift') from unnest(array[:'one', :'two']::uuid[]) u, generate_series(1, 5);
select public.publish_notification('test', 'k', 's' || i, 'x') from generate_series(1, 5) i;
select public.poll_events(array[:'one', :'two']::uuid[], '{1,1}', '{test}', '{0}', 2) as answer \gset

select is(
  jsonb_path_query_array(:'answer'::jsonb, '$.accounts[*].events[*].version'), '[2, 3, 2, 3]', 'two of each account'
);
select is(jsonb_path_query_array(:'answer'::jsonb, '$.accounts[*].version'), '[6, 6]', 'with where it stands');
select is(jsonb_path_query_array(:'answer'::jsonb, '$.topics[0].notifications[*].id'), '[1, 2]', 'two of each topic');
select is(:'answer'::jsonb #> '{topics,0,version}', '5', 'with where it stands');

select * from finish();
rollback;
