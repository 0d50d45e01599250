begin;
select plan(2);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select public.poll_events(array[:'user_id']::uuid[], '{7}', '{test}', '{7}') as answer \gset

select is(
  :'answer'::jsonb -> 'accounts' -> 0, jsonb_build_object('user_id', :'user_id', 'version', 1, 'events', '[]'::jsonb),
  'an account of a backup that was restored'
);
select is((:'answer'::jsonb #> '{topics,0}') - 'rule', '{"name": "test", "version": 0, "notifications": []}', 'a topic');

select * from finish();
rollback;
