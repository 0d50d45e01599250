begin;
select plan(3);

select tests.create_user() as user_id \gset

insert into public.topics (name, audience, owner_id, role)
values ('all', 'authenticated', null, null), ('own', 'owner', :'user_id', null), ('staff', 'role', null, 'kitchen');
select public.publish_notification('own', 'k', 's', 'x');
select public.set_preferences(:'user_id', 'own', true, 60);
select public.open_stream(:'user_id', '{all,own,staff}', false) -> 'topics' as topics \gset

select is(
  :'topics'::jsonb -> 'all',
  '{"version": 0, "rule": {"audience": "authenticated", "owner_id": null, "role": null},
    "preferences": {"muted": false, "min_interval_seconds": 0}, "newest": []}',
  'of every signed-in user'
);
select is(
  :'topics'::jsonb -> 'own',
  jsonb_build_object(
    'version', 1, 'rule', jsonb_build_object('audience', 'owner', 'owner_id', :'user_id', 'role', null),
    'preferences', '{"muted": true, "min_interval_seconds": 60}'::jsonb, 'newest', '[]'::jsonb
  ),
  'of an owner, with what the user wants of it'
);
select is(
  :'topics'::jsonb -> 'staff' -> 'rule', '{"audience": "role", "owner_id": null, "role": "kitchen"}', 'of a role'
);

select * from finish();
rollback;
