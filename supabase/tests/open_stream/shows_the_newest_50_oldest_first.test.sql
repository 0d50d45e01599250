begin;
select plan(5);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

insert into public.topics (name, audience) values ('quiet', 'authenticated');
select public.publish_notification('test', 'k', 's' || i, 'x', to_jsonb(i)) from generate_series(1, 60) i;

create temporary table answer as
select n -> 'id' as id, row_number() over () as place, n
from jsonb_array_elements(public.open_stream(:'user_id', '{test,quiet}') -> 'topics' -> 'test' -> 'newest') n;

select is((select jsonb_agg(id order by place) from answer), (select jsonb_agg(i) from generate_series(11, 60) i), '11 to 60');
select is(
  (select n - 'created_at' from answer where id = '60'),
  '{"topic": "test", "id": 60, "kind": "k", "subject": "s60", "status": "x", "payload": 60}', 'each as it was published'
);
select is(
  public.open_stream(:'user_id', '{test}', false) -> 'topics' -> 'test' -> 'newest', '[]', 'none where none are asked for'
);
update private.settings set newest_notifications = 3;
select is(
  jsonb_path_query_array(public.open_stream(:'user_id', '{test}'), '$.topics.test.newest[*].id'), '[58, 59, 60]',
  'as many as the setting says'
);
select is(
  public.open_stream(:'user_id', '{test,quiet}') -> 'topics' -> 'quiet' -> 'newest', '[]', 'none where there are none'
);

select * from finish();
rollback;
