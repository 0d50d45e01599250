begin;
select plan(2);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_user() as other_id \gset
select tests.create_generation(:'other_id', 'processing');
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'other_id';
select tests.account(:'other_id') as before \gset

select is(public.expire_overdue_generations(:'user_id'), '{"success": true, "expired": 0}', 'there is nothing of the own');
select is(tests.account(:'other_id'), :'before', 'and nobody else''s is touched');

select * from finish();
rollback;
