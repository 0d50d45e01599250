begin;
select plan(8);

set local client_min_messages = error;
select tests.create_type();
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing') as asserts \gset
select tests.create_generation(:'user_id', 'processing') as swallows \gset
select tests.create_generation(:'user_id', 'processing') as defers \gset
select tests.create_user() as other \gset
select tests.create_generation(:'other', 'processing') as good \gset
update public.generation_jobs set deadline_at = '2000-01-01' where user_id in (:'user_id', :'other');

create table pg_temp.bad (id uuid, how text);
insert into pg_temp.bad values (:'asserts', 'assert'), (:'swallows', 'swallow'), (:'defers', 'defer');
create function pg_temp.stand_in_the_way()
returns trigger
language plpgsql
as $$
begin
  if new.status = 'expired' then
    assert not exists (select from pg_temp.bad where id = new.id and how = 'assert'), 'asserted';
    if exists (select from pg_temp.bad where id = new.id and how = 'swallow') then
      return null;
    end if;
  end if;
  return new;
end;
$$;
create function pg_temp.defer()
returns trigger
language plpgsql
as $$
begin
  if exists (select from pg_temp.bad where id = new.id and how = 'defer') then
    raise exception 'deferred';
  end if;
  return null;
end;
$$;
create trigger stand_in_the_way before update on public.generation_jobs
  for each row execute function pg_temp.stand_in_the_way();
create constraint trigger defer after update on public.generation_jobs
  deferrable initially deferred for each row execute function pg_temp.defer();
select public.refund_stuck_generations() as answer \gset

select is(:'answer'::jsonb -> 'failed', '3', 'three cannot be expired');
select is(:'answer'::jsonb -> 'expired', '1', 'and stop nobody');
select is(tests.status(:'good'), 'expired', 'the good one is refunded');
select is(count(*), 3::bigint, 'each of the others is noted') from private.sweep_failures
where generation_id in (:'asserts', :'swallows', :'defers');
select is(
  (select error from private.sweep_failures where generation_id = :'asserts'), 'P0004: asserted', 'an assertion that failed'
);
select is(
  (select error from private.sweep_failures where generation_id = :'swallows'),
  'P0001: It was not expired: a trigger kept it as it is', 'an update that was swallowed'
);
select is(
  (select error from private.sweep_failures where generation_id = :'defers'), 'P0001: deferred', 'what was put off to the commit'
);
update private.sweep_failures set retry_at = '2000-01-01';
select is(
  public.expire_overdue_generations(:'user_id') -> 'expired', '0', 'a read is not stopped either'
);

select * from finish();
rollback;
