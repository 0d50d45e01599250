begin;
select plan(3);

select tests.create_user() as user_id \gset
delete from auth.users where id = :'user_id';
select tests.account(:'user_id') as before \gset

select private.close_account(:'user_id');
select is(tests.account(:'user_id'), :'before', 'closing again changes nothing');
insert into auth.users (id, email) values (:'user_id', 'again@example.com');
update auth.users set email = 'again-and-again@example.com' where id = :'user_id';
select is(tests.account(:'user_id'), :'before', 'an auth user who comes back with the id opens nothing');
select lives_ok(
  'select private.close_account(gen_random_uuid())', 'closing what never was open is nothing'
);

select * from finish();
rollback;
