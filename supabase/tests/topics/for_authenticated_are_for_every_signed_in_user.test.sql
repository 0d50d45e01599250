begin;
select plan(3);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');
select public.publish_notification('test', 'k', 's', 'x');

select tests.as_user(:'user_id');
select isnt_empty($$select from public.topics where name = 'test'$$, 'a user sees the topic');
select is((select count(*) from public.topic_notifications where topic = 'test'), 1::bigint, 'and its notifications');
reset role;

set local role anon;
select throws_ok($$select from public.topic_notifications$$, '42501', null, 'who is not signed in sees nothing');
reset role;

select * from finish();
rollback;
