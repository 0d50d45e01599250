begin;
select plan(2);

update private.settings set direct_writes = 'refuse';
select tests.create_user() as user_id \gset

select lives_ok(
  format(
    'update public.profiles set credits = credits, email = ''x@example.com'', last_generate_at = now() where id = %L',
    :'user_id'
  ),
  'a balance that stays the same, and every other column'
);
select is(version, 1::bigint, 'make no event') from public.profiles where id = :'user_id';

select * from finish();
rollback;
