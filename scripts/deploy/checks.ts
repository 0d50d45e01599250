/** What is looked at in a deployment's database. Read-only queries; nothing is changed. */

import { type Catalogue, compare, type Query, readCatalogue } from "./catalogue.ts";
import type { Expected } from "./expected.ts";
import { type Exposure, exposuresQuery, showsOthers } from "./exposures.ts";
import { jobsCheck, objectChecks } from "./object_checks.ts";

export type { Query } from "./catalogue.ts";

/** One row of the table that verify prints. */
export interface Check {
  name: string;
  ok: boolean;
  /** Ok, and somebody should know all the same. */
  warning?: boolean;
  /** What was seen. */
  found: string;
  /** What to do about it when it is not ok. */
  remedy: string;
}

/** The roles that clients come with, and the one of the edge functions. */
const CLIENTS = "'anon', 'authenticated'";

/** A run of the sweeper is no older than this: it is due every minute, and a migration makes the first one. */
const SWEEPER_SECONDS = 300;

/** What is there, whatever is missing. */
interface Overview {
  routines_shown: number;
  routines_there: number;
  open_routines: string[];
  closed_routines: string[];
  missing_tables: string[];
  without_rls: string[];
  writable: string[];
  has_migrations: boolean;
  has_settings: boolean;
  has_findings: boolean;
  has_sweeps: boolean;
  has_cron: boolean;
}

/** What tables say. Null where the table is not there. */
interface Contents {
  migrations: string[] | null;
  settings: Record<string, unknown> | null;
  default_type_has_a_price: boolean | null;
  findings: number | null;
  /** Since the sweeper ran, whoever called it. */
  last_sweep_seconds: number | null;
  /** Why its last run failed, if it did. */
  last_failure: string | null;
}

export interface DatabaseOptions {
  /** Somebody else calls `POST /operations/sweep` every minute: pg_cron is not asked for. */
  sweptElsewhere: boolean;
  /** That policies and views of the app's show rows of ours to others is known, and meant. */
  ownPolicies: boolean;
}

/** All checks of the database. */
export async function databaseChecks(
  query: Query,
  expected: Expected,
  options: DatabaseOptions,
): Promise<Check[]> {
  const [overview] = await query<Overview>(overviewQuery(expected));
  if (!overview) throw new Error("The database answered nothing");
  const [contents] = await query<Contents>(contentsQuery(overview));
  if (!contents) throw new Error("The database answered nothing");
  const { routines, tables, catalogue } = expected;
  const found = await readCatalogue(query, { routines, tables: Object.keys(tables) });
  const exposures = await query<Exposure>(exposuresQuery(tables, policiesOf(catalogue)));
  return [
    ...routineChecks(overview),
    ...tableChecks(overview, expected),
    ...objectChecks(compare(catalogue, found), { isAdopted: (contents.findings ?? 0) > 0 }),
    exposuresCheck(exposures.filter(showsOthers), options),
    migrationsCheck(contents, expected),
    ...(options.sweptElsewhere ? [] : [jobsCheck(catalogue, found, overview.has_cron)]),
    sweeperCheck(contents, options),
    settingsCheck(contents),
    adoptionCheck(contents),
  ];
}

function policiesOf(catalogue: Catalogue): string[] {
  return Object.keys(catalogue).flatMap((name) => /^policy (.*)$/.exec(name)?.[1] ?? []);
}

function literal(value: unknown): string {
  return `'${JSON.stringify(value).replaceAll("'", "''")}'::jsonb`;
}

function overviewQuery({ routines, tables }: Expected): string {
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
  to_regclass('private.sweep_runs') is not null as has_sweeps,
  to_regclass('cron.job_run_details') is not null as has_cron`;
}

function contentsQuery(overview: Overview): string {
  const when = (there: boolean, sql: string) => there ? `(${sql})` : "null";
  const ofSweeper = "(select jobid from cron.job where jobname = 'refund-stuck-generations')";
  return `
select
  ${
    when(
      overview.has_migrations,
      "select coalesce(jsonb_agg(version order by version), '[]') from supabase_migrations.schema_migrations",
    )
  } as migrations,
  ${when(overview.has_settings, "select to_jsonb(s) from private.settings s")} as settings,
  ${
    when(
      overview.has_settings,
      "select exists (select from public.generation_types t join private.settings s on s.default_type = t.slug)",
    )
  } as default_type_has_a_price,
  ${
    when(overview.has_findings, "select count(*)::integer from private.adoption_findings")
  } as findings,
  ${
    when(
      overview.has_sweeps,
      "select extract(epoch from clock_timestamp() - max(finished_at))::integer from private.sweep_runs",
    )
  } as last_sweep_seconds,
  ${
    when(
      overview.has_cron,
      `select case when status = 'failed' then return_message end from cron.job_run_details
    where status in ('succeeded', 'failed') and jobid in ${ofSweeper} order by runid desc limit 1`,
    )
  } as last_failure`;
}

function list(names: string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function routineChecks(overview: Overview): Check[] {
  const { routines_there, routines_shown, open_routines, closed_routines } = overview;
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

function tableChecks(overview: Overview, { tables }: Expected): Check[] {
  const { missing_tables, without_rls, writable } = overview;
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

function sweeperCheck(
  { last_sweep_seconds: age, last_failure }: Contents,
  { sweptElsewhere }: DatabaseOptions,
): Check {
  const failure = sweptElsewhere ? null : last_failure;
  const ran = age === null ? "has never run" : `last ran ${age} seconds ago`;
  return {
    name: "sweeper runs",
    ok: age !== null && age <= SWEEPER_SECONDS && failure === null,
    found: failure === null ? ran : `${ran}; its last run by pg_cron failed: ${failure}`,
    remedy: sweptElsewhere
      ? "Stuck generations are not refunded: POST /operations/sweep must be called every minute"
      : "select * from cron.job_run_details order by runid desc says why; a paused project runs no jobs",
  };
}

function exposuresCheck(exposures: Exposure[], { ownPolicies }: DatabaseOptions): Check {
  return {
    name: "users read their own rows only",
    ok: exposures.length === 0 || ownPolicies,
    warning: exposures.length > 0,
    found: exposures.length === 0
      ? "no policy or view of the app shows them others'"
      : exposures.map(({ name, readers }) => `${name}, to ${readers.join(" and ")}`).join("; "),
    remedy: ownPolicies
      ? "Known: --own-policies"
      : "Others' e-mail, credits or generations can be read. Drop it, narrow it, or grant its readers the app's own columns only; where it is meant: --own-policies",
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
