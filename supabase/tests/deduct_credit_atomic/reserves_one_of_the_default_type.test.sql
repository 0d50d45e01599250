begin;
select plan(3);

select tests.create_type('test-default', 2);
select tests.create_user() as user_id \gset
update private.settings set default_type = 'test-default';
select public.deduct_credit_atomic(:'user_id', 0) as answer \gset

select is(:'answer'::jsonb ->> 'status', 'reserved', 'a reservation');
select is(:'answer'::jsonb -> 'credits', '8', 'at its price');
select is(tests.status((:'answer'::jsonb ->> 'generation_id')::uuid), 'reserved', 'which is a row');

select * from finish();
rollback;
