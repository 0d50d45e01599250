begin;
select plan(2);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select tests.create_user() as other \gset
select public.set_preferences(:'user_id', 'test', true, 0);

select tests.as_user(:'user_id');
select is((select count(*) from public.topic_preferences), 1::bigint, 'the user');
reset role;
select tests.as_user(:'other');
select is((select count(*) from public.topic_preferences), 0::bigint, 'not another');
reset role;

select * from finish();
rollback;
