begin;
select plan(1);

-- supabase_auth_admin has search_path auth: an unqualified name in the trigger would stop every sign-up.
set local search_path = auth;
insert into users (id, email) values ('11111111-1111-4111-8111-111111111111', 'new@example.com');
update users set email = 'newer@example.com' where id = '11111111-1111-4111-8111-111111111111';
delete from users where id = '11111111-1111-4111-8111-111111111111';
set local search_path = public, extensions;

select results_eq(
  $$select type::text from public.account_events where user_id = '11111111-1111-4111-8111-111111111111' order by version$$,
  array['account.opened', 'account.closed'],
  'signing up, changing and leaving work there'
);

select * from finish();
rollback;
