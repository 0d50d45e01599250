begin;
select plan(3);

select tests.create_user() as user_id \gset

select is(private.connect_realtime(), 'connected', 'answers what it did');
select public.grant_credits(:'user_id', 5, 'gift');
select is((select count(*) from realtime.messages where topic = 'account:' || :'user_id'), 2::bigint, 'sends nothing twice');
select is(
  (select count(*) from pg_policies where schemaname = 'realtime' and policyname like 'edge-credits: %'), 2::bigint,
  'two policies'
);

select * from finish();
rollback;
