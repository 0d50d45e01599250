begin;
select plan(2);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select public.set_preferences(:'user_id', 'test', true, 30);
select public.set_preferences(:'user_id', 'test', false, 0);

select results_eq(
  format('select topic, muted, min_interval_seconds from public.topic_preferences where user_id = %L', :'user_id'),
  $$values ('test', false, 0)$$, 'one row, the newest'
);
select is(public.get_preferences(:'user_id', 'test') -> 'version', '3', 'each is an event');

select * from finish();
rollback;
