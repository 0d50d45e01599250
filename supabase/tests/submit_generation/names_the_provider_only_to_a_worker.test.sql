begin;
select plan(6);

select tests.create_type();
update public.generation_types set provider = 'chat', provider_options = '{"model": "m"}' where slug = 'test';
select tests.create_user(30) as user_id \gset

-- What the answer to a submission says to the worker alone, but the lease.
create function pg_temp.submit(p_user_id uuid, p_lease_seconds integer)
returns jsonb
language sql
as $$
  select coalesce(jsonb_object_agg(key, value), '{}')
  from jsonb_each(public.submit_generation(p_user_id, 'test', p_lease_seconds => p_lease_seconds))
  where key in ('charged', 'type') or key like 'provider%'
$$;

select is(
  pg_temp.submit(:'user_id', 60), '{"charged": true, "type": "test", "provider": "chat", "provider_options": {"model": "m"}}',
  'who takes a lease is told who does the work, with what, and that it was charged'
);
select is(pg_temp.submit(:'user_id', null), '{}', 'without a lease nobody is');

select ok(
  not public.reserve_generation(:'user_id', 'test') ?| array['provider', 'provider_options'], 'a reservation names none'
);
select is(pg_temp.submit(:'user_id', null), '{}', 'nor does its start without a lease');

select public.reserve_generation(:'user_id', 'test');
update public.generation_types set provider_options = '{"model": "n"}' where slug = 'test';
select is(
  pg_temp.submit(:'user_id', 60), '{"charged": false, "type": "test", "provider": "chat", "provider_options": {"model": "n"}}',
  'a reservation was charged before, and is worked on as the type says when it is started'
);

select public.reserve_generation(:'user_id', 'test');
delete from public.generation_types where slug = 'test';
select is(
  pg_temp.submit(:'user_id', 60), '{"charged": false, "type": "test", "provider": null, "provider_options": null}',
  'null where the type has gone'
);

select * from finish();
rollback;
