begin;
select plan(2);

insert into public.topics (name, audience) values ('test', 'authenticated');

select is(
  public.poll_events('{}', '{}', '{test}', '{0}') -> 'topics',
  '[{"name": "test", "version": 0, "rule": {"audience": "authenticated", "owner_id": null, "role": null},
    "notifications": []}]',
  'also where there is no news'
);
update public.topics set audience = 'role', role = 'kitchen' where name = 'test';
select is(
  public.poll_events('{}', '{}', '{test}', '{0}') #> '{topics,0,rule}',
  '{"audience": "role", "owner_id": null, "role": "kitchen"}', 'since it may have changed'
);

select * from finish();
rollback;
