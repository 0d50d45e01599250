begin;
select plan(1);

select tests.create_user() as user_id \gset
delete from auth.users where email = 'test@example.com';
update auth.users set email = 'test@example.com' where id = :'user_id';

select results_eq(
  $$SELECT id, email, credits, last_generate_at FROM profiles WHERE email = 'test@example.com';$$,
  format($$values (%L::uuid, 'test@example.com', 10, null::timestamptz)$$, :'user_id'),
  'works as it is written'
);

select * from finish();
rollback;
