begin;
select plan(1);

select bag_eq(
  $$select tablename || ' ' || cmd || ' ' || array_to_string(roles, ',') || ' ' || permissive from pg_policies
  where schemaname in ('public', 'private')$$,
  array[
    'account_events SELECT authenticated PERMISSIVE', 'generation_jobs SELECT authenticated PERMISSIVE',
    'generation_results SELECT authenticated PERMISSIVE', 'topic_preferences SELECT authenticated PERMISSIVE',
    'topic_notifications SELECT authenticated PERMISSIVE', 'profiles SELECT authenticated PERMISSIVE',
    'topics SELECT authenticated PERMISSIVE'
  ],
  'select for signed-in users, and nothing else'
);

select * from finish();
rollback;
