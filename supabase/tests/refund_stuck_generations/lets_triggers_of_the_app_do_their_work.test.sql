begin;
select plan(4);

set local client_min_messages = error;
select tests.create_type('test', 3);
select public.refund_stuck_generations(1000000);
select tests.create_user(10) as user_id \gset
select tests.create_generation(:'user_id', 'processing') from generate_series(1, 3);
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';

-- It writes the row that the refund is about to write, by hand and by one of our functions.
alter table public.profiles add column changes integer not null default 0;
create function pg_temp.count_changes()
returns trigger
language plpgsql
as $$
begin
  update public.profiles set changes = changes + 1 where id = new.user_id;
  perform public.grant_credits(new.user_id, 1, 'sorry');
  return new;
end;
$$;
create trigger count_changes before update on public.generation_jobs
  for each row execute function pg_temp.count_changes();

select is(public.refund_stuck_generations() -> 'expired', '3', 'all are refunded');
select is(tests.credits(:'user_id'), 13, 'with what the trigger gave');
select is(changes, 3, 'and it did what it does, once for each') from public.profiles where id = :'user_id';
select is(sum(delta), 13::bigint, 'the ledger says the same') from public.account_events where user_id = :'user_id';

select * from finish();
rollback;
