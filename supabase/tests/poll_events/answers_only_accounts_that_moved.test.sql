begin;
select plan(2);

select tests.create_user() as one \gset
select tests.create_user() as two \gset
select public.grant_credits(:'two', 5, 'gift');
select public.poll_events(array[:'one', :'two']::uuid[], '{1,1}') as answer \gset

select is(
  jsonb_path_query_array(:'answer'::jsonb, '$.accounts[*].user_id'), jsonb_build_array(:'two'), 'the one that has news'
);
select is(
  public.poll_events(array[:'one', :'two']::uuid[], '{1,2}') - 'epoch', '{"success": true, "accounts": [], "topics": []}',
  'none where all is known'
);

select * from finish();
rollback;
