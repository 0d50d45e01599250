begin;
select plan(4);

select tests.create_user() as user_id \gset
select public.grant_credits(:'user_id', n, 'gift') from generate_series(1, 4) n;
select public.get_account_history(:'user_id', null, 2) as first \gset
select public.grant_credits(:'user_id', 9, 'meanwhile');
select public.get_account_history(:'user_id', (:'first'::jsonb -> 'next_before')::bigint, 2) as second \gset
select public.get_account_history(:'user_id', (:'second'::jsonb -> 'next_before')::bigint, 2) as third \gset

select is(
  array[
    jsonb_path_query_array(:'first', '$.events[*].version'), jsonb_path_query_array(:'second', '$.events[*].version'),
    jsonb_path_query_array(:'third', '$.events[*].version')
  ],
  array['[5, 4]', '[3, 2]', '[1]']::jsonb[],
  'pages go on where the last one ended, also where an event came meanwhile'
);
select is(
  array[:'first'::jsonb -> 'next_before', :'second'::jsonb -> 'next_before', :'third'::jsonb -> 'next_before'],
  array['4', '2', 'null']::jsonb[],
  'next_before is the last version shown, and null on the last page'
);
select is(
  public.get_account_history(:'user_id', null, 6) -> 'next_before', 'null', 'a page that is just full is the last one'
);
select is(
  public.get_account_history(:'user_id', 1) -> 'events', '[]', 'before the first there is nothing'
);

select * from finish();
rollback;
