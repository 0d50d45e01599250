-- edge-credits, 2 of 7: adoption.
--
-- On an empty database this file does nothing but create two empty tables. On a database that already holds
-- `profiles` and `generation_jobs` it makes room for ours without losing a row: a column of ours that is there with
-- another type is renamed to legacy_…, an odd value is written down in private.adoption_findings before it is
-- replaced, and constraints, foreign keys and grants that contradict the design are taken away and written down too.
-- docs/adoption.md says what to look at afterwards.

create table private.adoption_findings (
  id bigint generated always as identity,
  table_name text not null,
  row_id text,
  finding text not null,
  original jsonb,
  created_at timestamptz not null default clock_timestamp(),
  constraint adoption_findings_pkey primary key (id)
);

comment on table private.adoption_findings is
  'What the adoption of existing tables changed, and the values as they were. Empty on a new database.';

alter table private.adoption_findings enable row level security;
revoke all on private.adoption_findings from public, anon, authenticated, service_role;

-- What stands in the way of this or of a later file is said now, before anything is changed.
do $$
declare
  v_name text;
  v_type text;
begin
  select string_agg(taken.name, ', ') into v_name
  from (
    select 'table ' || c.relname as name
    from pg_class c
    where c.relnamespace = 'public'::regnamespace
      and c.relname in ('generation_types', 'generation_results', 'account_events', 'topics')
    union all
    select 'function ' || p.oid::regprocedure
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in (
        'reserve_generation', 'submit_generation', 'complete_generation', 'fail_generation', 'release_generation',
        'extend_lease', 'refund_stuck_generations', 'grant_credits', 'open_account', 'get_account',
        'get_account_history', 'get_generations', 'get_generation', 'get_generation_types', 'get_health'
      )
  ) taken;
  if v_name is not null then
    raise exception 'edge-credits needs names that are taken in public: %', v_name
      using hint = 'Rename them or move them to another schema, and push again.';
  end if;

  foreach v_name in array array['profiles', 'generation_jobs'] loop
    continue when to_regclass('public.' || v_name) is null;
    select format_type(a.atttypid, a.atttypmod) into v_type
    from pg_attribute a
    where a.attrelid = to_regclass('public.' || v_name) and a.attname = 'id' and not a.attisdropped;
    if v_type is distinct from 'uuid' then
      raise exception 'edge-credits cannot adopt public.%: its id is %, not uuid', v_name, coalesce(v_type, 'missing')
        using hint = 'Rename the table (alter table … rename to …) and push again; edge-credits then makes its own.';
    end if;
    if not exists (
      select from pg_index i
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indrelid = to_regclass('public.' || v_name) and i.indisunique and i.indnkeyatts = 1
        and i.indpred is null and a.attname = 'id'
    ) then
      raise exception 'edge-credits cannot adopt public.%: its id is not unique', v_name
        using hint = 'Add a primary key on id and push again.';
    end if;
  end loop;
end;
$$;

create table if not exists public.profiles (id uuid primary key);
create table if not exists public.generation_jobs (id uuid primary key);

-- A time as an app may have kept it: text or timestamp, without a zone taken as UTC. What is no time is null.
create function private.legacy_time(p_value text)
returns timestamptz
language plpgsql
set search_path = ''
set timezone = 'UTC'
as $$
begin
  return p_value::timestamptz;
exception
  when invalid_datetime_format or datetime_field_overflow then
    return null;
end;
$$;

-- The state of ours for the words that apps use; what has not said that it ended well, ended badly.
create function private.adopted_status(p_status text)
returns public.generation_status
language sql
immutable
set search_path = ''
as $$
  select case
    when lower(p_status) in ('pending', 'queued', 'processing', 'running', 'started', 'in_progress') then 'processing'
    when lower(p_status) in ('completed', 'complete', 'succeeded', 'success', 'done', 'finished') then 'completed'
    when lower(p_status) in ('released', 'refunded', 'cancelled', 'canceled') then 'released'
    when lower(p_status) in ('expired', 'timeout', 'timed_out') then 'expired'
    else 'failed'
  end::public.generation_status
$$;

-- The columns of ours, by table; what is there with another type, or may mean something else, steps aside as legacy_….
create table private.adoption_columns (table_name text, column_name text, type_name text);
insert into private.adoption_columns values
  ('profiles', 'email', 'text'),
  ('profiles', 'credits', 'integer'),
  ('profiles', 'last_generate_at', 'timestamp with time zone'),
  ('profiles', 'version', 'bigint'),
  ('profiles', 'closed_at', 'timestamp with time zone'),
  ('profiles', 'created_at', 'timestamp with time zone'),
  ('generation_jobs', 'user_id', 'uuid'),
  ('generation_jobs', 'version', 'bigint'),
  ('generation_jobs', 'type', 'text'),
  ('generation_jobs', 'status', 'public.generation_status'),
  ('generation_jobs', 'cost', 'integer'),
  ('generation_jobs', 'refunded', 'integer'),
  ('generation_jobs', 'refund_on_failure', 'boolean'),
  ('generation_jobs', 'input', 'jsonb'),
  ('generation_jobs', 'error', 'text'),
  ('generation_jobs', 'created_at', 'timestamp with time zone'),
  ('generation_jobs', 'deadline_at', 'timestamp with time zone'),
  ('generation_jobs', 'finished_at', 'timestamp with time zone'),
  ('generation_jobs', 'refunded_at', 'timestamp with time zone'),
  ('generation_jobs', 'late_result_at', 'timestamp with time zone'),
  ('generation_jobs', 'lease_token', 'uuid'),
  ('generation_jobs', 'lease_expires_at', 'timestamp with time zone');

-- The app's own triggers must not fire for what adoption writes (a webhook for every old row); they are back on at
-- the end of this file.
create table private.adoption_triggers as
  select c.relname as table_name, t.tgname as trigger_name
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  where t.tgrelid in ('public.profiles'::regclass, 'public.generation_jobs'::regclass)
    and not t.tgisinternal and t.tgenabled = 'O';

do $$
declare
  v record;
  v_had_credits boolean;
  v_grant text;
  v_grants text[] := '{}';
begin
  for v in select * from private.adoption_triggers loop
    execute format('alter table public.%I disable trigger %I', v.table_name, v.trigger_name);
  end loop;

  -- An app that opened its accounts by a default on credits goes on to do so, by the setting.
  select substring(pg_get_expr(d.adbin, d.adrelid) from '^''?([0-9]{1,9})(?:\.0*)?''?(?:::.*)?$') as literal into v
  from pg_attrdef d
  join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
  where d.adrelid = 'public.profiles'::regclass and a.attname = 'credits';
  if v.literal is not null then
    update private.settings set signup_credits = v.literal::integer;
    insert into private.adoption_findings (table_name, finding, original)
    values ('profiles', 'the default of credits became the setting signup_credits', to_jsonb(v.literal));
  end if;

  -- Only what every app means alike is shared: a version, a status or a cost that the app keeps by its own rules is not,
  -- whatever its type.
  for v in
    select w.table_name, w.column_name, w.type_name, format_type(a.atttypid, a.atttypmod) as found
    from private.adoption_columns w
    join pg_attribute a
      on a.attrelid = to_regclass('public.' || w.table_name) and a.attname = w.column_name and not a.attisdropped
    where case
      when w.column_name not in ('email', 'credits', 'last_generate_at', 'created_at', 'user_id', 'type', 'input')
        then true
      when w.column_name in ('email', 'type')
        then a.atttypid not in ('text'::regtype, 'varchar'::regtype) and format_type(a.atttypid, null) <> 'citext'
      else format_type(a.atttypid, null) <> w.type_name
    end
  loop
    execute format('alter table public.%I alter column %I drop default', v.table_name, v.column_name);
    execute format('alter table public.%I rename column %I to %I', v.table_name, v.column_name, 'legacy_' || v.column_name);
    insert into private.adoption_findings (table_name, finding)
    values (v.table_name, format('column %s (%s) is now legacy_%s', v.column_name, v.found, v.column_name));
  end loop;

  v_had_credits := exists (
    select from pg_attribute
    where attrelid = 'public.profiles'::regclass and attname in ('credits', 'legacy_credits') and not attisdropped
  );
  for v in select * from private.adoption_columns loop
    execute format('alter table public.%I add column if not exists %I %s', v.table_name, v.column_name, v.type_name);
    execute format('alter table public.%I alter column %I drop default', v.table_name, v.column_name);
  end loop;
  if not v_had_credits then
    update public.profiles set credits = (select signup_credits from private.settings);
  end if;

  -- A legacy column that our inserts know nothing of must not refuse them; nor may any other column of the app.
  for v in
    select c.relname as table_name, a.attname as column_name
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    where a.attrelid in ('public.profiles'::regclass, 'public.generation_jobs'::regclass)
      and a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef and a.attidentity = ''
      and a.attname <> 'id'
      and not exists (
        select from private.adoption_columns w where w.table_name = c.relname and w.column_name = a.attname
      )
  loop
    execute format('alter table public.%I alter column %I drop not null', v.table_name, v.column_name);
    insert into private.adoption_findings (table_name, finding)
    values (v.table_name, format('column %s may now be null: edge-credits opens rows without it', v.column_name));
  end loop;

  -- No foreign key into auth: deleting a user closes the account and keeps its history. And no constraint of the app that
  -- would refuse rows of ours: checks and foreign keys on our columns, and on generations any check at all.
  for v in
    select c.relname as table_name, k.conname, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    where k.conrelid in ('public.profiles'::regclass, 'public.generation_jobs'::regclass)
      and (
        k.contype = 'f' and (select f.relnamespace from pg_class f where f.oid = k.confrelid) = 'auth'::regnamespace
        or k.contype = 'c' and c.relname = 'generation_jobs'
        or k.contype in ('c', 'f') and k.confrelid <> 'public.profiles'::regclass and exists (
          select from pg_attribute a
          join private.adoption_columns w on w.table_name = c.relname and w.column_name = a.attname
          where a.attrelid = k.conrelid and a.attnum = any (k.conkey)
        )
      )
  loop
    execute format('alter table public.%I drop constraint %I', v.table_name, v.conname);
    insert into private.adoption_findings (table_name, finding, original)
    values (v.table_name, format('constraint %s was dropped', v.conname), to_jsonb(v.definition));
  end loop;

  -- Nobody writes our columns but our functions; the app's own columns of profiles stay as readable and as writable
  -- as they were.
  for v in
    select r.rolname, p.privilege, string_agg(quote_ident(a.attname), ', ') as columns
    from pg_roles r
    cross join (values ('select'), ('update')) p (privilege)
    join pg_attribute a on a.attrelid = 'public.profiles'::regclass and a.attnum > 0 and not a.attisdropped
    where r.rolname in ('anon', 'authenticated', 'service_role')
      and has_column_privilege(r.rolname, a.attrelid, a.attnum, p.privilege)
      and (a.attname <> 'id' or p.privilege = 'select') and a.attname not like 'legacy\_%'
      and not exists (
        select from private.adoption_columns w where w.table_name = 'profiles' and w.column_name = a.attname
      )
    group by r.rolname, p.privilege
    having bool_or(a.attname <> 'id')
    order by p.privilege, r.rolname
  loop
    insert into private.adoption_findings (table_name, finding)
    values ('profiles', format('%s may still %s these columns, and no other: %s', v.rolname, v.privilege, v.columns));
    v_grants := v_grants || format('grant %s (%s) on public.profiles to %I', v.privilege, v.columns, v.rolname);
  end loop;
  revoke all on public.profiles, public.generation_jobs from public, anon, authenticated, service_role;
  foreach v_grant in array v_grants loop
    execute v_grant;
  end loop;

  for v in
    select c.relname as table_name, p.polname
    from pg_policy p
    join pg_class c on c.oid = p.polrelid
    where p.polrelid in ('public.profiles'::regclass, 'public.generation_jobs'::regclass)
  loop
    insert into private.adoption_findings (table_name, finding)
    values (v.table_name, format('policy %s of the app stays: whoever it shows a row to sees that user''s e-mail and balance', v.polname));
  end loop;

  -- What only a person can judge: a trigger that refunds would refund a second time, a view shows the renamed column.
  insert into private.adoption_findings (table_name, finding, original)
  select t.table_name, format('trigger %s of the app stays: look whether it moves credits', t.trigger_name),
    to_jsonb(pg_get_triggerdef(g.oid))
  from private.adoption_triggers t
  join pg_trigger g on g.tgrelid = ('public.' || t.table_name)::regclass and g.tgname = t.trigger_name;
  insert into private.adoption_findings (table_name, finding)
  select distinct d.refobjid::regclass::text,
    format('view %s reads the column that is now %s', r.ev_class::regclass, a.attname)
  from pg_depend d
  join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.refobjid in ('public.profiles'::regclass, 'public.generation_jobs'::regclass) and a.attname like 'legacy\_%';

  -- A function of the app under one of our names, whatever its arguments: PostgREST cannot choose between two.
  for v in
    select p.oid, p.oid::regprocedure::text as signature, pg_get_functiondef(p.oid) as definition
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
      and p.proname in ('deduct_credit_atomic', 'refund_credit_atomic')
  loop
    execute format('drop function %s', v.signature);
    insert into private.adoption_findings (table_name, finding, original)
    values ('-', format('function %s was replaced', v.signature), to_jsonb(v.definition));
  end loop;
end;
$$;

-- Values that our constraints would refuse are written down and then replaced. What lies in a legacy_… column needs
-- no writing down: it is still there.
insert into private.adoption_findings (table_name, row_id, finding, original)
select 'profiles', p.id::text, 'credits was no whole number from 0 to 1,000,000,000', to_jsonb(p.credits)
from public.profiles p
where not to_jsonb(p) ? 'legacy_credits' and (p.credits is null or p.credits not between 0 and 1000000000);

insert into private.adoption_findings (table_name, row_id, finding, original)
select 'profiles', p.id::text, 'legacy_credits is no whole number from 0 to 1,000,000,000', to_jsonb(p) -> 'legacy_credits'
from public.profiles p
where to_jsonb(p) ? 'legacy_credits'
  and coalesce(trim(to_jsonb(p) ->> 'legacy_credits') !~ '^[0-9]{1,9}(\.0+)?$', true);

-- A fractional balance keeps its whole part; what is no number at all, or below 0, becomes 0.
update public.profiles p
set
  credits = case
    when coalesce(trim(to_jsonb(p) ->> 'legacy_credits'), p.credits::text) ~ '^[0-9]+(\.[0-9]+)?$'
      then least(floor(coalesce(trim(to_jsonb(p) ->> 'legacy_credits'), p.credits::text)::numeric), 1000000000)::integer
    else 0
  end,
  last_generate_at = coalesce(p.last_generate_at, private.legacy_time(to_jsonb(p) ->> 'legacy_last_generate_at')),
  created_at = coalesce(p.created_at, private.legacy_time(to_jsonb(p) ->> 'legacy_created_at'), clock_timestamp()),
  version = 1;

-- Cost 0: what an old job cost is in no ledger, so there is nothing of it that could be given back. Its place in the
-- account's list comes before every new one's: 0, -1, -2, … from the newest to the oldest.
update public.generation_jobs j
set
  user_id = coalesce(
    j.user_id,
    case
      when to_jsonb(j) ->> 'legacy_user_id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        then (to_jsonb(j) ->> 'legacy_user_id')::uuid
    end
  ),
  type = coalesce(j.type, to_jsonb(j) ->> 'legacy_type', 'adopted'),
  status = private.adopted_status(to_jsonb(j) ->> 'legacy_status'),
  cost = 0,
  refunded = 0,
  refund_on_failure = true,
  created_at = coalesce(j.created_at, private.legacy_time(to_jsonb(j) ->> 'legacy_created_at'), clock_timestamp());

insert into private.adoption_findings (table_name, row_id, finding, original)
select 'generation_jobs', j.id::text, 'no profile has this user_id', to_jsonb(j.user_id)
from public.generation_jobs j
where not exists (select from public.profiles p where p.id = j.user_id);

-- Without an account there is nobody to give anything back to, and so nothing to wait for.
update public.generation_jobs j
set status = 'failed'
where j.status = 'processing' and not exists (select from public.profiles p where p.id = j.user_id);

with places as (
  select id, 1 - row_number() over (partition by user_id order by created_at desc, id) as version
  from public.generation_jobs
)
update public.generation_jobs j
set
  version = places.version,
  deadline_at = case when j.status = 'processing' then j.created_at + interval '30 minutes' end,
  finished_at = case
    when j.status <> 'processing' then coalesce(private.legacy_time(to_jsonb(j) ->> 'legacy_finished_at'), j.created_at)
  end
from places
where places.id = j.id;

do $$
declare
  v record;
begin
  for v in select * from private.adoption_triggers loop
    execute format('alter table public.%I enable trigger %I', v.table_name, v.trigger_name);
  end loop;
  if exists (select from private.adoption_findings) then
    raise notice 'edge-credits adopted tables that were there: read select * from private.adoption_findings';
  end if;
end;
$$;

drop table private.adoption_triggers;
drop function private.legacy_time(text);
drop function private.adopted_status(text);
drop table private.adoption_columns;
