begin;
select plan(4);

select tests.create_user() as user_id \gset

select public.grant_credits(:'user_id', 5, 'gift');

select is((select count(*) from realtime.messages where topic = 'account:' || :'user_id'), 2::bigint, 'a message an event');
select is(
  (select payload - '{id,created_at,epoch}'::text[] from realtime.messages
    where topic = 'account:' || :'user_id' and payload -> 'version' = '2'),
  jsonb_build_object(
    'user_id', :'user_id', 'version', 2, 'type', 'credit.granted', 'delta', 5, 'balance', 15, 'reason', 'gift',
    'actor', 'operator', 'generation_id', null
  ),
  'which says what the stream does'
);
select results_eq(
  format('select distinct event, private, extension from realtime.messages where topic = %L', 'account:' || :'user_id'),
  $$values ('account', true, 'broadcast')$$, 'privately'
);
select is(
  (select payload -> 'epoch' from realtime.messages where topic = 'account:' || :'user_id' limit 1),
  (select to_jsonb(epoch) from private.settings), 'with the epoch that a version counts in'
);

select * from finish();
rollback;
