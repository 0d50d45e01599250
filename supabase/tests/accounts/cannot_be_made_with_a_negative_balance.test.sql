begin;
select plan(1);

select throws_ok(
  $$insert into public.profiles (id, credits) values ('11111111-1111-4111-8111-111111111111', -1)$$,
  '23514', null, 'not even by the owner of the table'
);

select * from finish();
rollback;
