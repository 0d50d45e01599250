begin;
select plan(4);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed');

select tests.as_user(null);
select is_empty('select from public.profiles', 'a token without a user id: no profile');
select is_empty('select from public.generation_jobs', 'no generation');
select is_empty('select from public.generation_results', 'no result');
select is_empty('select from public.account_events', 'no event');
reset role;

select * from finish();
rollback;
