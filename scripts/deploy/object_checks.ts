/** What of the objects in the database is not as the migrations make it, and what the app has added to them. */

import type { Catalogue, Differences } from "./catalogue.ts";
import type { Check } from "./checks.ts";

/** The checks, and which kinds of objects each is of. */
const CHECKS: { name: string; kinds: string[]; remedy: string }[] = [
  {
    name: "functions of the database",
    kinds: ["function"],
    remedy:
      "Push the migrations; where they are applied, add one that makes it as supabase/schema.sql shows it. Drop or rename another function of the same name",
  },
  {
    name: "columns, constraints and indexes",
    kinds: ["column", "constraint", "index"],
    remedy:
      "Balances or the ledger can go wrong. Push the migrations; where they are applied, add one that makes it as supabase/schema.sql shows it",
  },
  {
    name: "triggers",
    kinds: ["trigger"],
    remedy:
      "The ledger can be passed by or changed. alter table … enable trigger user; or add a migration that makes it as supabase/schema.sql shows it",
  },
  {
    name: "policies",
    kinds: ["policy"],
    remedy: "Add a migration that makes it as supabase/schema.sql shows it",
  },
];

/** What a table that was there before keeps of its own: docs/adoption.md. */
const ADOPTED =
  /^(column public\.(profiles|generation_jobs)\.(id|email|last_generate_at|user_id|type|input)|constraint public\.(profiles\.profiles|generation_jobs\.generation_jobs)_pkey)$/;

/** Not there where Supabase Realtime is not, or is not wanted; its losses do not matter. */
const OF_REALTIME = /^policy realtime\.messages\.|^trigger .*\.zz_broadcast_/;

export interface ObjectOptions {
  /** Whether the app's tables were there first. */
  isAdopted: boolean;
}

/** All checks of objects: what is not as it should be fails, what is the app's own is named. */
export function objectChecks(differences: Differences, { isAdopted }: ObjectOptions): Check[] {
  const isAdopteds = (name: string) => isAdopted && ADOPTED.test(name);
  const { changed } = differences;
  const missing = differences.missing.filter((name) => !isAdopteds(name));
  // PostgREST, and an old caller, could choose an overload of ours.
  const isOverload = (name: string) => name.startsWith("function ");
  const faults = [
    ...missing.filter((name) => !OF_REALTIME.test(name)).map((name) => ({ name, what: "missing" })),
    ...changed.filter(({ name }) => !isAdopteds(name)).map(({ name, properties }) => ({
      name,
      what: `changed (${properties.join(", ")})`,
    })),
    ...differences.others.filter(isOverload).map((name) => ({ name, what: "another" })),
  ];
  const checks = CHECKS.map(({ name, kinds, remedy }): Check => {
    const found = faults.filter((fault) => kinds.includes(kindOf(fault.name)));
    return {
      name,
      ok: found.length === 0,
      found: found.length === 0 ? "as the migrations make them" : list(
        found.map((fault) => `${fault.what}: ${fault.name.slice(kindOf(fault.name).length + 1)}`),
      ),
      remedy,
    };
  });
  const own = differences.others.filter((name) => !isOverload(name) && kindOf(name) !== "job");
  const adopted = [...differences.missing, ...changed.map(({ name }) => name)].filter(isAdopteds);
  const quiet = missing.filter((name) => OF_REALTIME.test(name));
  return [
    ...checks,
    noted("the app's own on our tables", [...own, ...adopted], "Ours do not need it; it may stay"),
    noted(
      "Supabase Realtime",
      quiet.map((name) => `missing: ${name}`),
      "Not connected. Where it is wanted: select private.connect_realtime(), as postgres",
    ),
  ].filter((check) => check !== null);
}

/** A line that only says what there is; none where there is nothing. */
function noted(name: string, found: string[], remedy: string): Check | null {
  return found.length === 0 ? null : { name, ok: true, warning: true, found: list(found), remedy };
}

/** Whether pg_cron runs what private.schedule_jobs() schedules, and as it does. */
export function jobsCheck(expected: Catalogue, found: Catalogue, hasCron: boolean): Check {
  const name = "jobs of pg_cron";
  if (!hasCron) {
    return {
      name,
      ok: false,
      found: "pg_cron is not enabled: stuck generations are not refunded",
      remedy:
        "Enable the extension pg_cron, then select private.schedule_jobs(), as postgres; or sweep from elsewhere, and say --swept-elsewhere",
    };
  }
  const jobs = Object.entries(expected).filter(([name]) => kindOf(name) === "job");
  const faults = jobs.flatMap(([job, wanted]) => {
    const there = found[job];
    const title = job.slice("job ".length);
    if (there === undefined) return [`${title} is not scheduled`];
    if (there["active"] !== true) return [`${title} is not active`];
    const other = Object.keys(wanted).filter((key) => wanted[key] !== there[key]);
    if (other.includes("here")) return [`${title} runs in another database`];
    return other.length === 0 ? [] : [`${title} has another ${other.join(" and ")}`];
  });
  return {
    name,
    ok: jobs.length > 0 && faults.length === 0,
    found: faults.length > 0 ? faults.join("; ") : `all ${jobs.length} are scheduled`,
    remedy:
      "Schedule it anew, as postgres: select cron.unschedule('NAME') where it is there, then select private.schedule_jobs()",
  };
}

function kindOf(name: string): string {
  return name.slice(0, name.indexOf(" "));
}

function list(names: string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
