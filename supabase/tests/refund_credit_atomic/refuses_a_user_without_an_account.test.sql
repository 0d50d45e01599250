begin;
select plan(2);

select is(public.refund_credit_atomic(gen_random_uuid()) ->> 'error', 'PROFILE_NOT_FOUND', 'an unknown user');
select is(public.refund_credit_atomic(null) ->> 'error', 'PROFILE_NOT_FOUND', 'nobody: not the operator''s release');

select * from finish();
rollback;
