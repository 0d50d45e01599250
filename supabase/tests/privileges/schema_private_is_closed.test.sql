begin;
select plan(1);

select is_empty(
  $$select role, privilege from unnest(array['anon', 'authenticated', 'service_role']) role,
    unnest(array['usage', 'create']) privilege
  where has_schema_privilege(role, 'private', privilege)$$,
  'to anon, authenticated and service_role'
);

select * from finish();
rollback;
