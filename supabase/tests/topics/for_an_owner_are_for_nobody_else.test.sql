begin;
select plan(4);

select tests.create_user() as owner \gset
select tests.create_user() as other \gset
insert into public.topics (name, audience, owner_id) values ('test', 'owner', :'owner');
select public.publish_notification('test', 'k', 's', 'x');

select tests.as_user(:'owner');
select isnt_empty($$select from public.topics where name = 'test'$$, 'its owner sees the topic');
select is((select count(*) from public.topic_notifications where topic = 'test'), 1::bigint, 'and its notifications');
reset role;

select tests.as_user(:'other');
select is_empty($$select from public.topics where name = 'test'$$, 'another user does not');
select is_empty($$select from public.topic_notifications where topic = 'test'$$, 'nor its notifications');
reset role;

select * from finish();
rollback;
