begin;
select plan(1);

select tests.create_type(p_refund_on_failure => false);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'expired');

select is(tests.credits(:'user_id'), 10, 'that nothing came is our fault, not a failed attempt');

select * from finish();
rollback;
