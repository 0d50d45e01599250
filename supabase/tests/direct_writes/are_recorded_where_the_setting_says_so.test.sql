begin;
select plan(3);

update private.settings set direct_writes = 'record';
select tests.create_user() as user_id \gset
update public.profiles set credits = credits - 4 where id = :'user_id';

select row_eq(
  format('select credits, version from public.profiles where id = %L', :'user_id'), row (6, 2::bigint),
  'the write passes, and counts as a version'
);
select is(
  tests.newest_event(:'user_id'),
  jsonb_build_object(
    'version', 2, 'type', 'credit.adjusted', 'delta', -4, 'balance', 6, 'reason', 'direct_write',
    'actor', 'sql:' || session_user, 'generation_id', null
  ),
  'the ledger says that it was one, and whose'
);
select throws_ok(
  format('update public.profiles set credits = -1 where id = %L', :'user_id'), '23514', null,
  'below 0 it does not pass either'
);

select * from finish();
rollback;
