begin;
select plan(5);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', status) from unnest(array['completed', 'failed', 'processing']) status;
select count(*) as events from public.account_events where user_id = :'user_id' \gset
delete from auth.users where id = :'user_id';

select row_eq(
  format('select email, closed_at is not null from public.profiles where id = %L', :'user_id'),
  row (null::text, true),
  'the e-mail is gone, and the account says when'
);
select is_empty(
  format('select from public.generation_results where user_id = %L', :'user_id'), 'the results are gone'
);
select is_empty(
  format('select from public.generation_jobs where user_id = %L and input is not null', :'user_id'),
  'the inputs are gone'
);
select is(
  count(*)::integer, 3, 'the generations are kept'
)
from public.generation_jobs
where user_id = :'user_id';
select is(
  count(*)::integer, :events + 2, 'the ledger is kept, with the release and the closing'
)
from public.account_events
where user_id = :'user_id';

select * from finish();
rollback;
