begin;
select plan(6);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_user() as other_id \gset
select tests.create_generation(:'user_id', 'completed') as generation_id \gset
select tests.create_generation(:'user_id', 'processing') as late \gset
select tests.known(:'user_id') as known \gset
select tests.known(:'other_id') as others \gset
create function pg_temp.answers(p_user_id uuid, p_generation_id uuid, p_known text)
returns setof jsonb
language sql
as $$
  select public.get_account(p_user_id, p_known)
  union all
  select public.get_account_history(p_user_id, p_known => p_known)
  union all
  select public.get_generations(p_user_id, p_known => p_known)
  union all
  select public.get_generation(p_user_id, p_generation_id, p_known)
$$;

select is(count(*)::integer, 0, 'not before')
from pg_temp.answers(:'user_id', :'generation_id', null) a
where a ? 'overdue';
update public.generation_jobs set deadline_at = clock_timestamp() - interval '1 second' where id = :'late';
select is(count(*)::integer, 4, 'every view says so')
from pg_temp.answers(:'user_id', :'generation_id', null) a
where (a -> 'overdue')::boolean and not a ? 'unchanged';
select is(count(*)::integer, 4, 'also to who knows the version: expiring it will move that')
from pg_temp.answers(:'user_id', :'generation_id', :'known') a
where (a -> 'overdue')::boolean and (a -> 'unchanged')::boolean;
select is(count(*)::integer, 0, 'nobody else is told')
from unnest(array[null, :'others']) known, pg_temp.answers(:'other_id', :'generation_id', known) a
where a ? 'overdue';
select public.expire_overdue_generations(:'user_id');
select is(count(*)::integer, 0, 'and once it is expired, it is not said any more')
from pg_temp.answers(:'user_id', :'generation_id', null) a
where a ? 'overdue';

select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) ->> 'generation_id' as leased \gset
update public.generation_jobs set lease_expires_at = clock_timestamp() - interval '1 second' where id = :'leased';
select ok(public.get_account(:'user_id') ? 'overdue', 'a lease that has lapsed counts as well');

select * from finish();
rollback;
