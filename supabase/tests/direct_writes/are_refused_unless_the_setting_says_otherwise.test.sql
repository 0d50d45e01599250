begin;
select plan(3);

update private.settings set direct_writes = 'refuse';
select tests.create_user() as user_id \gset
select tests.account(:'user_id') as before \gset

select throws_ok(
  format('update public.profiles set credits = credits + 1 where id = %L', :'user_id'),
  '23000', format('credits of profile %s cannot be written directly', :'user_id'), 'more'
);
select throws_ok(
  format('update public.profiles set credits = 0 where id = %L', :'user_id'), '23000', null, 'and less'
);
select is(tests.account(:'user_id'), :'before', 'nothing has changed');

select * from finish();
rollback;
