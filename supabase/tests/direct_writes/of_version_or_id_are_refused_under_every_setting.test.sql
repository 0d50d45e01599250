begin;
select plan(4);

select tests.create_user() as user_id \gset

update private.settings set direct_writes = 'record';
select throws_ok(
  format('update public.profiles set version = version + 5 where id = %L', :'user_id'),
  '23000', 'The id and version of a profile never change by hand', 'a version that jumps'
);
select throws_ok(
  format('update public.profiles set version = version - 1, credits = 50 where id = %L', :'user_id'),
  '23000', null, 'a version that goes back'
);
select throws_ok(
  format('update public.profiles set id = gen_random_uuid() where id = %L', :'user_id'), '23000', null, 'another id'
);
update private.settings set direct_writes = 'refuse';
select throws_ok(
  format('update public.profiles set version = version + 5 where id = %L', :'user_id'), '23000', null,
  'and so where direct writes are refused'
);

select * from finish();
rollback;
