begin;
select plan(2);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as generation_id \gset
select public.refund_stuck_generations(1000000);
select is(tests.status(:'generation_id'), 'processing', 'until then it may still be worked on');

update public.generation_jobs
set created_at = created_at - interval '30 minutes', deadline_at = deadline_at - interval '30 minutes'
where id = :'generation_id';
select public.refund_stuck_generations(1000000);
select is(tests.status(:'generation_id'), 'expired', 'the timeout of a type is 1800 seconds, unless it says otherwise');

select * from finish();
rollback;
