begin;
select plan(2);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved') from generate_series(1, 5);
select public.get_generations(:'user_id', null, 2) as first \gset
select tests.create_generation(:'user_id', 'reserved');
select public.get_generations(:'user_id', (:'first'::jsonb -> 'next_before')::bigint, 2) as second \gset
select public.get_generations(:'user_id', (:'second'::jsonb -> 'next_before')::bigint, 2) as third \gset

select is(
  array[
    jsonb_path_query_array(:'first', '$.generations[*].version'),
    jsonb_path_query_array(:'second', '$.generations[*].version'),
    jsonb_path_query_array(:'third', '$.generations[*].version')
  ],
  array['[6, 5]', '[4, 3]', '[2]']::jsonb[],
  'pages go on where the last one ended, also where one was made meanwhile'
);
select is(
  array[:'first'::jsonb -> 'next_before', :'second'::jsonb -> 'next_before', :'third'::jsonb -> 'next_before'],
  array['5', '3', 'null']::jsonb[],
  'next_before is the last version shown, and null on the last page'
);

select * from finish();
rollback;
