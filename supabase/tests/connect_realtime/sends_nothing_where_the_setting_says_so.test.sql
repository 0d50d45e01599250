begin;
select plan(2);

insert into public.topics (name, audience) values ('test', 'authenticated');

update private.settings set realtime = false;
select tests.create_user() as user_id \gset

select public.grant_credits(:'user_id', 5, 'gift');
select public.publish_notification('test', 'order', 'order-1', 'placed');

select is_empty(
  format('select from realtime.messages where topic in (%L, %L)', 'account:' || :'user_id', 'topic:test'), 'no message'
);
update private.settings set realtime = true;
select public.grant_credits(:'user_id', 5, 'gift');
select is(
  (select count(*) from realtime.messages where topic = 'account:' || :'user_id'), 1::bigint, 'from the next event on'
);

select * from finish();
rollback;
