begin;
select plan(5);

select tests.create_type('test-a');
select tests.create_type('test-b');
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved', 'test-a') as oldest_a \gset
select tests.create_generation(:'user_id', 'reserved', 'test-a') as newest_a \gset
select tests.create_generation(:'user_id', 'reserved', 'test-b') as b \gset

select is(
  public.submit_generation(:'user_id', 'test-a') ->> 'generation_id', :'newest_a'::text,
  'the newest of the type is started first, not the newest of all'
);
select is(
  public.submit_generation(:'user_id', 'test-a') ->> 'generation_id', :'oldest_a'::text, 'then the one before it'
);
select is(tests.credits(:'user_id'), 1, 'three reservations were charged once each');
select is(
  public.submit_generation(:'user_id', 'test-a') ->> 'error', 'INSUFFICIENT_CREDITS',
  'with none left of the type a submission is charged: that of another type is not taken'
);
select is(tests.status(:'b'), 'reserved', 'which still stands');

select * from finish();
rollback;
