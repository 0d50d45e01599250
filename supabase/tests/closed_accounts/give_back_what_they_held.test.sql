begin;
select plan(3);

select tests.create_type('test', 2);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed') as completed \gset
select tests.create_generation(:'user_id', 'processing') as processing \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) ->> 'generation_id' as leased \gset
select tests.create_generation(:'user_id', 'reserved') as reserved \gset
delete from auth.users where id = :'user_id';

select is(
  array[tests.status(:'reserved'), tests.status(:'processing'), tests.status(:'leased'), tests.status(:'completed')],
  array['released', 'released', 'released', 'completed'],
  'deleting the auth user releases what is unsettled, and leaves what is settled'
);
select is(tests.credits(:'user_id'), 8, 'the cost is back');
select results_eq(
  format(
    'select type::text, delta, reason, actor from public.account_events where user_id = %L order by version desc limit 4',
    :'user_id'
  ),
  $$values
    ('account.closed', 0, 'auth_user_deleted', 'system'),
    ('generation.released', 2, 'account_closed', 'system'),
    ('generation.released', 2, 'account_closed', 'system'),
    ('generation.released', 2, 'account_closed', 'system')$$,
  'the ledger says why, and then that the account was closed'
);

select * from finish();
rollback;
