begin;
select plan(2);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k');

select ok(
  not public.submit_generation(:'user_id', 'test', p_idempotency_key => 'k') ? 'replayed',
  'a submission may use the key of its reservation'
);
select results_eq(
  format('select operation, key from private.idempotency_keys where user_id = %L order by operation', :'user_id'),
  $$values ('reserve', 'k'), ('submit', 'k')$$,
  'each is kept'
);

select * from finish();
rollback;
