-- What else of an app's own a charge, a sign-up or the deletion of a user could fail on. On a database without rows, triggers or
-- policies of an app, it does nothing.

-- Columns that we share and may leave empty: users without an address, and whose account was closed; reservations, which have
-- no input yet. And what is generated from such columns.
do $$
declare
  v_column record;
begin
  for v_column in
    select c.relname as table_name, a.attname as column_name
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnotnull and not a.attisdropped
    where c.oid in ('public.profiles'::regclass, 'public.generation_jobs'::regclass)
      and (
        a.attgenerated <> ''
        or (c.relname, a.attname) in (('profiles', 'email'), ('profiles', 'last_generate_at'), ('generation_jobs', 'input'))
      )
  loop
    execute format('alter table public.%I alter column %I drop not null', v_column.table_name, v_column.column_name);
    insert into private.adoption_findings (table_name, finding)
    values (v_column.table_name, format('column %s may now be null: edge-credits leaves it empty at times', v_column.column_name));
  end loop;
end;
$$;

-- Our functions run with an empty search_path, and so does a trigger of the app's that they fire, unless it has a path of its
-- own: it would not find the tables that it names without their schema. Now it has the path of who pushes, as before.
do $$
declare
  v_path constant text := coalesce(nullif(nullif(current_setting('search_path'), ''), '""'), 'public, extensions');
  v_trigger record;
begin
  for v_trigger in
    select distinct p.oid::regprocedure as function_name, pg_has_role(p.proowner, 'usage') as is_ours_to_alter
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    join pg_language l on l.oid = p.prolang
    where t.tgrelid in ('public.profiles'::regclass, 'public.generation_jobs'::regclass)
      and not t.tgisinternal
      and l.lanname in ('plpgsql', 'sql')
      and not exists (select from unnest(p.proconfig) setting where setting like 'search\_path=%')
  loop
    if v_trigger.is_ours_to_alter then
      execute format('alter function %s set search_path to %s', v_trigger.function_name, v_path);
    end if;
    insert into private.adoption_findings (table_name, finding)
    values (
      '-',
      case
        when v_trigger.is_ours_to_alter
          then format('trigger function %s now has the search_path %s of its own', v_trigger.function_name, v_path)
        else format(
          'trigger function %s has no search_path of its own, and is not ours to alter: edge-credits fires it with an empty one',
          v_trigger.function_name
        )
      end
    );
  end loop;
end;
$$;

-- A trigger of the app's that writes our columns, as 20261121100700 looks for one, but by select … into, or from the schema private.
do $$
declare
  c_columns constant text := 'new\.(version|credits|status|cost|refunded|refunded_at|lease_token|closed_at)\M';
  v_trigger record;
begin
  for v_trigger in
    select t.tgname, t.tgrelid::regclass as table_name, p.oid::regprocedure as function_name
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    where t.tgrelid in ('public.profiles'::regclass, 'public.generation_jobs'::regclass)
      and not t.tgisinternal and t.tgname not like 'zz\_%'
      and (
        p.prosrc ~* ('\minto\s+(strict\s+)?' || c_columns)
        or p.pronamespace = 'private'::regnamespace and p.prosrc ~* ('\m' || c_columns || '\s*:?=')
      )
  loop
    raise exception 'Trigger % on % writes a column of edge-credits, in %', v_trigger.tgname, v_trigger.table_name,
      v_trigger.function_name
      using hint = 'Drop the trigger, or let it write a column of the app''s own, and push again. docs/adoption.md says more.';
  end loop;
end;
$$;

-- A trigger of the app's that compares the status with a word that is no state of ours would raise with every write.
do $$
declare
  v_trigger record;
begin
  for v_trigger in
    select t.tgname, p.oid::regprocedure as function_name, word.said[1] as said
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    cross join regexp_matches(
      p.prosrc,
      $r$\m(?:new|old)\.status\s*(?:=|<>|!=|(?:not\s+)?in\M|is\s+(?:not\s+)?distinct\s+from\M)\s*(\([^()]*\)|'[^']*')$r$,
      'gi'
    ) compared (words)
    cross join regexp_matches(compared.words[1], $r$'([^']*)'$r$, 'g') word (said)
    where t.tgrelid = 'public.generation_jobs'::regclass and not t.tgisinternal
      and word.said[1] <> all (enum_range(null::public.generation_status)::text[])
  loop
    raise exception 'Trigger % on generation_jobs compares the status with "%", which is no state of edge-credits, in %',
      v_trigger.tgname, v_trigger.said, v_trigger.function_name
      using hint = 'Let it compare with the states that docs/adoption.md names for your words, or drop it, and push again.';
  end loop;
end;
$$;

-- A policy that shows users their own row shows nobody to others: they may select all of it again.
do $$
begin
  if exists (
    select from private.adoption_findings where finding like 'a policy of the app''s shows rows to others: %'
  ) and not exists (
    select from pg_policy
    where polrelid = 'public.profiles'::regclass and polname not like 'edge-credits: %' and polcmd in ('r', '*') and polpermissive
      and regexp_replace(
        regexp_replace(coalesce(pg_get_expr(polqual, polrelid), ''), '[()\s]', '', 'g'), '::text|SELECT|ASuid', '', 'g'
      ) not in ('auth.uid=id', 'id=auth.uid')
  ) then
    grant select on public.profiles to authenticated;
    delete from private.adoption_findings where finding like 'a policy of the app''s shows rows to others: %';
  end if;
end;
$$;

-- Partitions, and tables that inherit from the two, have privileges of their own: those of the API's roles go, as theirs went.
do $$
declare
  v_child record;
begin
  for v_child in
    with recursive children as (
      select inhrelid as oid from pg_inherits where inhparent in ('public.profiles'::regclass, 'public.generation_jobs'::regclass)
      union
      select i.inhrelid from pg_inherits i join children c on c.oid = i.inhparent
    )
    select oid::regclass as name from children
  loop
    execute format('revoke all on %s from public, anon, authenticated, service_role', v_child.name);
    insert into private.adoption_findings (table_name, finding)
    values (v_child.name::text, 'nobody of the API may read or write this part of the table by its own name any more');
  end loop;
end;
$$;
