begin;
select plan(3);

set local client_min_messages = error;
select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as bad \gset
select tests.create_generation(:'user_id', 'processing') as good \gset
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';
select tests.forbid_to_expire(:'bad');

select is(
  public.expire_overdue_generations(:'user_id'), '{"success": true, "expired": 1}', 'a read does not fail for it'
);
select is(array[tests.status(:'bad'), tests.status(:'good')], array['processing', 'expired'], 'the others are expired');
select isnt_empty(
  format('select from private.sweep_failures where generation_id = %L and error like ''%%the test forbids it''', :'bad'),
  'and health hears of it'
);

select * from finish();
rollback;
