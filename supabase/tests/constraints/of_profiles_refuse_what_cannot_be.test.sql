begin;
select plan(1);

-- As the owner of the table, past the functions and past the guard of direct writes.
select tests.create_user() as user_id \gset
alter table public.profiles disable trigger zz_guard_direct_write;

select throws_ok(
  format('update public.profiles set credits = -1 where id = %L', :'user_id'),
  '23514', 'new row for relation "profiles" violates check constraint "credits_not_negative"',
  'a balance below 0'
);

select * from finish();
rollback;
