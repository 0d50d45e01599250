begin;
select plan(4);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select public.set_preferences(:'user_id', 'no-such-topic', true, 0) as answer \gset
select is(:'answer'::jsonb ->> 'error', 'UNKNOWN_TOPIC', 'a topic');
select is(:'answer'::jsonb -> 'version', '1', 'where the account stands');
select is(public.set_preferences(gen_random_uuid(), 'test', true, 0) ->> 'error', 'PROFILE_NOT_FOUND', 'an account');
select is_empty(
  format('select from public.topic_preferences where user_id = %L', :'user_id'), 'nothing is stored'
);

select * from finish();
rollback;
