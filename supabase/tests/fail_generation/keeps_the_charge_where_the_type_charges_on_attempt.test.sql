begin;
select plan(5);

select tests.create_type(p_refund_on_failure => false);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as processing \gset
select tests.create_generation(:'user_id', 'reserved') as reserved \gset

select is(public.fail_generation(:'processing') -> 'refunded', '0', 'a failed attempt is paid');
select is(public.fail_generation(:'reserved') -> 'refunded', '0', 'also one that was made elsewhere');
select is(tests.credits(:'user_id'), 4, 'nothing comes back');
select is(tests.newest_event(:'user_id') -> 'delta', '0', 'the event is without money');
select is(refunded_at, null, 'and no refund is noted') from public.generation_jobs where id = :'processing';

select * from finish();
rollback;
