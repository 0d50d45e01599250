begin;
select plan(3);

select tests.create_user() as user_id \gset

select throws_ok(
  format('update public.account_events set reason = ''forged'' where user_id = %L', :'user_id'),
  '23000', 'update of account_events is not allowed: the ledger is append-only', 'no event is changed'
);
select throws_ok(
  format('delete from public.account_events where user_id = %L', :'user_id'),
  '23000', 'delete of account_events is not allowed: the ledger is append-only', 'none is deleted'
);
select throws_ok(
  'truncate public.account_events',
  '23000', 'truncate of account_events is not allowed: the ledger is append-only', 'nor all of them'
);

select * from finish();
rollback;
