begin;
select plan(2);

select tests.create_user() as user_id \gset

select throws_ok(
  format('delete from public.profiles where id = %L', :'user_id'),
  '23000', 'delete of profiles is not allowed: an account is closed by deleting its auth user, and kept', 'one row'
);
set local client_min_messages = warning;
select throws_ok('truncate public.profiles cascade', '23000', null, 'or all of them');

select * from finish();
rollback;
