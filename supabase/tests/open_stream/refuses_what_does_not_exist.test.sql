begin;
select plan(3);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select is(
  public.open_stream(:'user_id', '{test,no-such-topic}') - 'success',
  '{"error": "UNKNOWN_TOPIC", "message": "There is no topic no-such-topic"}', 'a topic, beside one that does'
);
select is(public.open_stream(gen_random_uuid(), '{test}') ->> 'error', 'PROFILE_NOT_FOUND', 'an account');
select is(public.open_stream(:'user_id', null) -> 'topics', '{}', 'no topics are none');

select * from finish();
rollback;
