begin;
select plan(4);

set local client_min_messages = error;
select tests.create_type();
select public.refund_stuck_generations(1000000);
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'processing') as kept \gset
select tests.create_user() as other \gset
select tests.create_generation(:'other', 'processing') as good \gset
update public.generation_jobs set deadline_at = '2000-01-01' where user_id in (:'user_id', :'other');

create function pg_temp.swallow()
returns trigger
language plpgsql
as $$
begin
  return null;
end;
$$;
select format(
  'create trigger swallow before update on public.profiles for each row when (new.id = %L) execute function pg_temp.swallow()',
  :'user_id'
) \gexec
select public.refund_stuck_generations() as answer \gset

select is(:'answer'::jsonb - '{run,more,success,refunded}'::text[], '{"expired": 1, "failed": 1}', 'one is refunded, one cannot be');
select is(tests.status(:'good'), 'expired', 'the good one is');
select is(tests.status(:'kept'), 'processing', 'where the balance does not take the refund, nothing ends');
select is(count(*), 1::bigint, 'and it is noted') from private.sweep_failures where generation_id = :'kept';

select * from finish();
rollback;
