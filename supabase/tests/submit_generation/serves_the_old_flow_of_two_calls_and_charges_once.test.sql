begin;
select plan(2);

select tests.create_type('test-default', 2);
select tests.create_user() as user_id \gset
update private.settings set default_type = 'test-default';
select public.deduct_credit_atomic(:'user_id', null) as reserved \gset
select public.submit_generation(:'user_id') as submitted \gset

select is(
  :'submitted'::jsonb -> 'generation_id', :'reserved'::jsonb -> 'generation_id',
  'check-and-deduct, then submit without an id: the same generation'
);
select is(tests.credits(:'user_id'), 8, 'charged once');

select * from finish();
rollback;
