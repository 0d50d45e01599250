begin;
select plan(5);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed');
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';
select tests.create_generation(:'user_id', 'processing');
select tests.account(:'user_id') as before \gset

select is(
  public.expire_overdue_generations(:'user_id'), '{"success": true, "expired": 0}', 'what is settled or not due is none'
);
select is(tests.account(:'user_id'), :'before', 'and nothing has changed');
select is(
  public.expire_overdue_generations(gen_random_uuid()), '{"success": true, "expired": 0}', 'no account, no generation'
);
select is(public.expire_overdue_generations(null), '{"success": true, "expired": 0}', 'and nobody has none');

delete from auth.users where id = :'user_id';
select is(
  public.expire_overdue_generations(:'user_id'), '{"success": true, "expired": 0}',
  'a closed account has given back what it held'
);

select * from finish();
rollback;
