begin;
select plan(3);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select public.set_preferences(:'user_id', 'test', true, 0, 'key-1') as first \gset
select public.set_preferences(:'user_id', 'test', false, 0);

select is(
  public.set_preferences(:'user_id', 'test', true, 0, 'key-1'), :'first'::jsonb || '{"replayed": true}', 'as it was'
);
select is(public.get_preferences(:'user_id', 'test') -> 'muted', 'false', 'and leaves what was set since');
select is(
  public.set_preferences(:'user_id', 'test', true, 5, 'key-1') ->> 'error', 'IDEMPOTENCY_KEY_REUSED', 'another request'
);

select * from finish();
rollback;
