begin;
select plan(4);

select tests.create_type('test-default', 1);
select tests.create_user(1) as user_id \gset
update private.settings set default_type = 'test-default';
select public.deduct_credit_atomic(:'user_id', 10);

select is(public.deduct_credit_atomic(:'user_id', 10) ->> 'error', 'RATE_LIMITED', 'within the limit it is refused');
select is(public.deduct_credit_atomic(:'user_id', 0) ->> 'error', 'INSUFFICIENT_CREDITS', 'never below 0');
select is(tests.credits(:'user_id'), 0, 'one call, one charge');
select is(public.deduct_credit_atomic(null, 0) ->> 'error', 'PROFILE_NOT_FOUND', 'nobody is refused');

select * from finish();
rollback;
