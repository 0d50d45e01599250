/** What is looked at in a deployment's database. Two read-only queries; nothing is changed. */

import type { Expected } from "./expected.ts";

/** One row of the table that verify prints. */
export interface Check {
  name: string;
  ok: boolean;
  /** What was seen. */
  found: string;
  /** What to do about it when it is not ok. */
  remedy: string;
}

/** Asks the deployment's database. */
export type Query = <Row>(sql: string) => Promise<Row[]>;

/** The roles that clients come with, and the one of the edge functions. */
const CLIENTS = "'anon', 'authenticated'";

/** A successful run of the sweeper is no older than this, when it has run at all: it is due every minute. */
const SWEEPER_SECONDS = 300;

/** What the catalogue says; there, whatever is missing. */
interface Catalogue {
  routines_shown: number;
  routines_there: number;
  missing_routines: string[];
  open_routines: string[];
  closed_routines: string[];
  missing_tables: string[];
  without_rls: string[];
  writable: string[];
  has_migrations: boolean;
  has_settings: boolean;
  has_findings: boolean;
  has_cron: boolean;
}

/** What tables say. Null where the table is not there. */
interface Contents {
  migrations: string[] | null;
  settings: Record<string, unknown> | null;
  default_type_has_a_price: boolean | null;
  findings: number | null;
  jobs: { active: boolean; schedule: string }[] | null;
  last_success_seconds: number | null;
  /** Why its last run failed, if it did. */
  last_failure: string | null;
}

export interface DatabaseOptions {
  /** Somebody else calls `POST /operations/sweep` every minute: pg_cron is not asked for. */
  sweptElsewhere: boolean;
}

/** All checks of the database. */
export async function databaseChecks(
  query: Query,
  expected: Expected,
  options: DatabaseOptions,
): Promise<Check[]> {
  const [catalogue] = await query<Catalogue>(catalogueQuery(expected));
  if (!catalogue) throw new Error("The database answered nothing");
  const [contents] = await query<Contents>(contentsQuery(catalogue));
  if (!contents) throw new Error("The database answered nothing");
  return [
    ...routineChecks(catalogue, expected),
    ...tableChecks(catalogue, expected),
    migrationsCheck(contents, expected),
    options.sweptElsewhere
      ? { name: "sweeper", ok: true, found: "not asked for: --swept-elsewhere", remedy: "" }
      : sweeperCheck(contents),
    settingsCheck(contents),
    adoptionCheck(contents),
  ];
}

function literal(value: unknown): string {
  return `'${JSON.stringify(value).replaceAll("'", "''")}'::jsonb`;
}

function catalogueQuery({ routines, tables }: Expected): string {
  return `
with expected_routines as (
  select value as name, split_part(value, '.', 1) as schema_name, split_part(value, '.', 2) as routine_name
  from jsonb_array_elements_text(${literal(routines)})
),
routines as (
  select e.name, e.schema_name, p.oid
  from expected_routines e
  left join pg_namespace n on n.nspname = e.schema_name
  left join pg_proc p on p.pronamespace = n.oid and p.proname = e.routine_name
),
expected_tables as (
  select t.key as name, to_regclass(t.key) as oid, c.value as column_name
  from jsonb_each(${literal(tables)}) t
  cross join jsonb_array_elements_text(t.value) c
),
tables as (select distinct name, oid from expected_tables),
clients as (select rolname, oid from pg_roles where rolname in (${CLIENTS})),
writers as (select rolname, oid from pg_roles where rolname in (${CLIENTS}, 'service_role')),
privileges as (select unnest(array['insert', 'update', 'delete', 'truncate']) as privilege)
select
  (
    select count(*)::integer from information_schema.routines
    where routine_name in ('deduct_credit_atomic', 'refund_credit_atomic')
  ) as routines_shown,
  (
    select count(*)::integer from pg_proc where proname in ('deduct_credit_atomic', 'refund_credit_atomic')
  ) as routines_there,
  (select coalesce(jsonb_agg(distinct name), '[]') from routines where oid is null) as missing_routines,
  (
    select coalesce(jsonb_agg(r.name || ' by ' || c.rolname order by r.name, c.rolname), '[]')
    from routines r cross join clients c
    where r.oid is not null and has_function_privilege(c.oid, r.oid, 'execute')
  ) as open_routines,
  (
    select coalesce(jsonb_agg(r.name order by r.name), '[]') from routines r
    where r.oid is not null and r.schema_name = 'public'
      and not has_function_privilege((select oid from pg_roles where rolname = 'service_role'), r.oid, 'execute')
  ) as closed_routines,
  (select coalesce(jsonb_agg(name order by name), '[]') from tables where oid is null) as missing_tables,
  (
    select coalesce(jsonb_agg(t.name order by t.name), '[]')
    from tables t join pg_class c on c.oid = t.oid
    where not c.relrowsecurity
  ) as without_rls,
  (
    select coalesce(jsonb_agg(w.name || ' (' || w.privilege || ') by ' || w.rolname order by w.name, w.rolname), '[]')
    from (
      select t.name, p.privilege, r.rolname
      from tables t cross join privileges p cross join writers r
      where t.oid is not null and has_table_privilege(r.oid, t.oid, p.privilege)
      union
      select t.name || '.' || t.column_name, p.privilege, r.rolname
      from expected_tables t
      join pg_attribute a on a.attrelid = t.oid and a.attname = t.column_name
      cross join (values ('insert'), ('update')) p (privilege)
      cross join writers r
      where has_column_privilege(r.oid, t.oid, a.attnum, p.privilege)
        and not has_table_privilege(r.oid, t.oid, p.privilege)
    ) w
  ) as writable,
  to_regclass('supabase_migrations.schema_migrations') is not null as has_migrations,
  to_regclass('private.settings') is not null and to_regclass('public.generation_types') is not null as has_settings,
  to_regclass('private.adoption_findings') is not null as has_findings,
  to_regclass('cron.job_run_details') is not null as has_cron`;
}

function contentsQuery(catalogue: Catalogue): string {
  const when = (there: boolean, sql: string) => there ? `(${sql})` : "null";
  const ofSweeper = "(select jobid from cron.job where jobname = 'refund-stuck-generations')";
  return `
select
  ${
    when(
      catalogue.has_migrations,
      "select coalesce(jsonb_agg(version order by version), '[]') from supabase_migrations.schema_migrations",
    )
  } as migrations,
  ${when(catalogue.has_settings, "select to_jsonb(s) from private.settings s")} as settings,
  ${
    when(
      catalogue.has_settings,
      "select exists (select from public.generation_types t join private.settings s on s.default_type = t.slug)",
    )
  } as default_type_has_a_price,
  ${
    when(catalogue.has_findings, "select count(*)::integer from private.adoption_findings")
  } as findings,
  ${
    when(
      catalogue.has_cron,
      `select coalesce(jsonb_agg(jsonb_build_object('active', active, 'schedule', schedule)), '[]')
    from cron.job where jobname = 'refund-stuck-generations'`,
    )
  } as jobs,
  ${
    when(
      catalogue.has_cron,
      `select extract(epoch from clock_timestamp() - max(end_time))::integer from cron.job_run_details
    where status = 'succeeded' and jobid in ${ofSweeper}`,
    )
  } as last_success_seconds,
  ${
    when(
      catalogue.has_cron,
      `select case when status = 'failed' then return_message end from cron.job_run_details
    where status in ('succeeded', 'failed') and jobid in ${ofSweeper} order by runid desc limit 1`,
    )
  } as last_failure`;
}

function list(names: string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function routineChecks(catalogue: Catalogue, { routines }: Expected): Check[] {
  const { routines_there, routines_shown, missing_routines, open_routines, closed_routines } =
    catalogue;
  return [
    {
      name: "deduct_credit_atomic and refund_credit_atomic",
      // information_schema shows a role only what it may execute; the management API's read-only role may nothing.
      ok: routines_there === 2 && (routines_shown === 2 || routines_shown === 0),
      found: routines_there === 2 ? "2 rows" : `${routines_there} rows instead of 2`,
      remedy: routines_there < 2
        ? "A function was dropped: add a migration that creates it as supabase/schema.sql shows it, and push"
        : "Another function has the same name, and PostgREST cannot choose: drop or rename it",
    },
    {
      name: "functions of the database",
      ok: missing_routines.length === 0,
      found: missing_routines.length === 0
        ? `all ${routines.length} are there`
        : `missing: ${list(missing_routines)}`,
      remedy:
        "Push the migrations; where they are applied, add one that creates it as supabase/schema.sql shows it",
    },
    {
      name: "clients execute none of them",
      ok: open_routines.length === 0,
      found: open_routines.length === 0 ? "anon and authenticated may not" : list(open_routines),
      remedy:
        "Anybody can move credits. Now: revoke execute on function … from public, anon, authenticated",
    },
    {
      name: "the edge functions execute the public ones",
      ok: closed_routines.length === 0,
      found: closed_routines.length === 0 ? "service_role may" : `not ${list(closed_routines)}`,
      remedy: "grant execute on function … to service_role",
    },
  ];
}

function tableChecks(catalogue: Catalogue, { tables }: Expected): Check[] {
  const { missing_tables, without_rls, writable } = catalogue;
  return [
    {
      name: "tables with row level security",
      ok: missing_tables.length + without_rls.length === 0,
      found: missing_tables.length > 0
        ? `missing: ${list(missing_tables)}`
        : without_rls.length > 0
        ? `off on ${list(without_rls)}`
        : `on on all ${Object.keys(tables).length}`,
      remedy: missing_tables.length > 0
        ? "Push the migrations"
        : "Users read one another's rows. Now: alter table … enable row level security",
    },
    {
      name: "tables change through functions alone",
      ok: writable.length === 0,
      found: writable.length === 0 ? "nobody else may write" : list(writable),
      remedy:
        "A balance can be written past the ledger. Now: revoke insert, update, delete, truncate on … from …",
    },
  ];
}

function migrationsCheck({ migrations }: Contents, expected: Expected): Check {
  const applied = migrations ?? [];
  const missing = expected.migrations.filter((version) => !applied.includes(version));
  const unknown = applied.filter((version) => !expected.migrations.includes(version));
  return {
    name: "migrations",
    ok: missing.length + unknown.length === 0,
    found: missing.length > 0
      ? `not applied: ${list(missing)}`
      : unknown.length > 0
      ? `applied, but not in this checkout: ${list(unknown)}`
      : `all ${applied.length} are applied`,
    remedy: missing.length > 0
      ? "supabase db push --remote=…; what was applied by hand: supabase migration repair --status applied VERSION"
      : "Check out the commit that was deployed; or take them back: docs/deploy.md#back",
  };
}

function sweeperCheck({ jobs, last_success_seconds: age, last_failure }: Contents): Check {
  const name = "sweeper (pg_cron)";
  const schedule = "select private.schedule_jobs(), as postgres";
  if (jobs === null) {
    return {
      name,
      ok: false,
      found: "pg_cron is not enabled: stuck generations are not refunded",
      remedy:
        `Enable the extension pg_cron, then ${schedule}; or sweep from elsewhere, and say --swept-elsewhere`,
    };
  }
  const [job] = jobs;
  if (!job) return { name, ok: false, found: "not scheduled", remedy: `Schedule it: ${schedule}` };
  if (!job.active) {
    return {
      name,
      ok: false,
      found: "scheduled, but not active",
      remedy: `Schedule it anew: ${schedule}`,
    };
  }
  const isLate = age !== null && age > SWEEPER_SECONDS;
  const success = age === null ? "has not succeeded yet" : `last succeeded ${age} seconds ago`;
  return {
    name,
    ok: last_failure === null && !isLate,
    found: last_failure === null
      ? `${job.schedule}, ${success}`
      : `${success}; its last run failed: ${last_failure}`,
    remedy:
      "select * from cron.job_run_details order by runid desc says why; a paused project runs no jobs",
  };
}

function settingsCheck({ settings, default_type_has_a_price }: Contents): Check {
  const { singleton: _, ...shown } = settings ?? {};
  const text = Object.entries(shown).map(([key, value]) => `${key}=${value}`).join(" ");
  const remedy = settings === null
    ? "Push the migrations; there must be one row in private.settings"
    : "Add the default type to generation_types, or change private.settings.default_type";
  return {
    name: "settings",
    ok: settings !== null && default_type_has_a_price === true,
    found: settings === null
      ? "none"
      : default_type_has_a_price
      ? text
      : `${text}; default_type has no price`,
    remedy,
  };
}

function adoptionCheck({ findings }: Contents): Check {
  return {
    name: "adoption findings",
    ok: findings !== null,
    found: findings === null
      ? "unknown"
      : findings === 0
      ? "0"
      : `${findings}: read select * from private.adoption_findings (docs/adoption.md)`,
    remedy: "Push the migrations",
  };
}
