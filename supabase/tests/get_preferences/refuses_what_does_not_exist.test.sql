begin;
select plan(2);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select is(public.get_preferences(:'user_id', 'no-such-topic') ->> 'error', 'UNKNOWN_TOPIC', 'a topic');
select is(public.get_preferences(gen_random_uuid(), 'test') ->> 'error', 'PROFILE_NOT_FOUND', 'an account');

select * from finish();
rollback;
