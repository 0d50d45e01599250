begin;
select plan(2);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select tests.known(:'user_id') as known \gset
select is(
  public.get_preferences(:'user_id', 'test', :'known') - 'epoch',
  '{"success": true, "credits": 10, "version": 1, "unchanged": true}', 'at the version that is known'
);
select public.set_preferences(:'user_id', 'test', true, 0);
select is(
  public.get_preferences(:'user_id', 'test', :'known') -> 'muted', 'true', 'a preference that was set moves it'
);

select * from finish();
rollback;
