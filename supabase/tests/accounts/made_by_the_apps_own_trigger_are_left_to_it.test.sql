begin;
select plan(2);

insert into public.profiles (id, email, credits)
values ('11111111-1111-4111-8111-111111111111', 'app@example.com', 3);

select lives_ok(
  $$insert into auth.users (id, email) values ('11111111-1111-4111-8111-111111111111', 'auth@example.com')$$,
  'a sign-up whose profile is there already goes through'
);
select row_eq(
  $$select email, credits from public.profiles where id = '11111111-1111-4111-8111-111111111111'$$,
  row ('app@example.com'::text, 3),
  'and changes nothing of it'
);

select * from finish();
rollback;
