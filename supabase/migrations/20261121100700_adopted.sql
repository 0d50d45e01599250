-- What the adoption of an app's tables did not look at. On a database without rows or triggers of an app, it does nothing.

-- A trigger of the app's that writes our columns would pass for the ledger, which is known by the version that it counts up.
do $$
declare
  v_trigger record;
begin
  for v_trigger in
    select t.tgname, t.tgrelid::regclass as table_name, p.oid::regprocedure as function_name
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    where t.tgrelid in ('public.profiles'::regclass, 'public.generation_jobs'::regclass)
      and not t.tgisinternal
      and p.pronamespace <> 'private'::regnamespace
      and p.prosrc ~* '\mnew\.(version|credits|status|cost|refunded|refunded_at|lease_token|closed_at)\s*:?='
  loop
    raise exception 'Trigger % on % writes a column of edge-credits, in %', v_trigger.tgname, v_trigger.table_name,
      v_trigger.function_name
      using hint = 'Drop the trigger, or let it write a column of the app''s own, and push again. docs/adoption.md says more.';
  end loop;
end;
$$;

-- Times that are no times: what was never, or lies ahead, would stop every charge.
with odd as (
  update public.profiles
  set last_generate_at = null
  where last_generate_at = '-infinity' or last_generate_at > clock_timestamp() + interval '1 day'
  returning id
)
insert into private.adoption_findings (table_name, row_id, finding)
select 'profiles', id, 'last_generate_at was not in the past, and is null now' from odd;

update public.generation_jobs
set deadline_at = clock_timestamp()
where finished_at is null and status = 'processing' and deadline_at = 'infinity';

-- Where a policy of the app's shows profiles to others, they see the app's columns, and not who has how many credits: users
-- read those of their own by `account`.
do $$
declare
  v_columns text;
begin
  if not exists (
    select from pg_policy
    where polrelid = 'public.profiles'::regclass and polname not like 'edge-credits: %' and polcmd in ('r', '*') and polpermissive
  ) then
    return;
  end if;
  select string_agg(quote_ident(attname), ', ') into v_columns
  from pg_attribute
  where attrelid = 'public.profiles'::regclass and attnum > 0 and not attisdropped
    and attname not in ('email', 'credits', 'last_generate_at', 'version', 'closed_at')
    and attname not like 'legacy\_%';
  revoke select on public.profiles from authenticated;
  execute format('grant select (%s) on public.profiles to authenticated', v_columns);
  insert into private.adoption_findings (table_name, finding)
  values (
    'profiles',
    'a policy of the app''s shows rows to others: signed-in users may select its own columns only, and not email and credits'
  );
end;
$$;
