begin;
select plan(5);

set local client_min_messages = error;
select tests.create_type();
select public.refund_stuck_generations(1000000);
select tests.create_user() as no_balance \gset
select tests.create_generation(:'no_balance', 'processing') as without_balance \gset
select tests.create_user() as no_event \gset
select tests.create_generation(:'no_event', 'processing') as without_event \gset
select tests.create_user() as other \gset
select tests.create_generation(:'other', 'processing') as good \gset
update public.generation_jobs set deadline_at = '2000-01-01' where user_id in (:'no_balance', :'no_event', :'other');

create function pg_temp.swallow()
returns trigger
language plpgsql
as $$
begin
  return null;
end;
$$;
-- Once for each: a trigger takes no parameter of the scene.
select format($$
  create trigger swallow before update on public.profiles
    for each row when (new.id = %L) execute function pg_temp.swallow();
  create trigger swallow before insert on public.account_events
    for each row when (new.user_id = %L) execute function pg_temp.swallow();
$$, :'no_balance', :'no_event') \gexec
select public.refund_stuck_generations() as answer \gset

select is(:'answer'::jsonb - '{run,more,success,refunded}'::text[], '{"expired": 1, "failed": 2}', 'one is refunded, two cannot be');
select is(tests.status(:'good'), 'expired', 'the good one is');
select is(tests.status(:'without_balance'), 'processing', 'none is settled without the balance');
select is(tests.status(:'without_event'), 'processing', 'nor without the ledger');
select is(
  array(
    select distinct error from private.sweep_failures where generation_id in (:'without_balance', :'without_event')
  ),
  array['P0001: It was not refunded: a trigger kept the balance or the ledger as it was'], 'and it is noted why'
);

select * from finish();
rollback;
