begin;
select plan(2);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.reserve_generation(:'user_id', 'test');

select is(
  last_generate_at, (select created_at from public.generation_jobs where user_id = :'user_id'),
  'last_generate_at is the moment of the charge'
)
from public.profiles
where id = :'user_id';
select is(
  created_at, (select last_generate_at from public.profiles where id = :'user_id'),
  'which is also that of its event'
)
from public.account_events
where user_id = :'user_id' and version = 2;

select * from finish();
rollback;
