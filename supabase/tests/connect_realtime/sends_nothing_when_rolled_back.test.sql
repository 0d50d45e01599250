begin;
select plan(1);

select tests.create_user() as user_id \gset

savepoint the_apps_own_work;
select public.grant_credits(:'user_id', 5, 'gift');
rollback to the_apps_own_work;

select is(
  (select count(*) from realtime.messages where topic = 'account:' || :'user_id'), 1::bigint, 'only what was before'
);

select * from finish();
rollback;
