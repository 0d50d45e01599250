begin;
select plan(2);

insert into public.topics (name, audience) values ('test', 'authenticated');

insert into public.topics (name, audience) values ('gone', 'authenticated');
delete from public.topics where name = 'gone';
select public.poll_events(array[gen_random_uuid()], '{1}', '{gone,test}', '{0,0}') as answer \gset

select is(jsonb_path_query_array(:'answer'::jsonb, '$.topics[*].name'), '["test"]', 'a topic');
select is(:'answer'::jsonb -> 'accounts', '[]', 'an account');

select * from finish();
rollback;
