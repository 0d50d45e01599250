/**
 * Checks a deployment, without changing anything, and says what to do about what is wrong. Ends with 1 when anything is.
 *
 *     deno task verify --remote=REF [--url=https://REF.supabase.co] [--swept-elsewhere] [--own-policies] [--profile=FILE]
 *
 * SUPABASE_DB_URL, the connection string of the database, is asked where it is set; the management API otherwise. Without
 * --remote only the database is looked at, and what --url serves. With SUPABASE_SECRET_KEY the health of the ledger is
 * asked for, too. --own-policies: that policies or views of the app's show rows to others is known.
 */

import { parseArgs } from "node:util";
import { type Check, databaseChecks, type DatabaseOptions } from "./deploy/checks.ts";
import { Cli } from "./deploy/cli.ts";
import { readExpected } from "./deploy/expected.ts";
import { functionsCheck } from "./deploy/listed_functions.ts";
import { smokeChecks } from "./deploy/smoke.ts";
import { DATABASE_VARIABLE, readTarget, type Target } from "./deploy/target.ts";
import { StackError } from "./stack/errors.ts";
import { table } from "./table.ts";

const USAGE =
  `Usage: deno task verify --remote=REF [--url=URL] [--swept-elsewhere] [--own-policies] [--profile=FILE]
  ${DATABASE_VARIABLE}=postgresql://…     the database itself, or --database=… where it has no password
  SUPABASE_SECRET_KEY=sb_secret_…   asks the functions whether the ledger adds up`;

export interface Deployment extends DatabaseOptions {
  target: Target;
  /** Where the functions are called, such as `https://REF.supabase.co`; null: they are not. */
  url: string | null;
  secretKey: string | null;
  /** A file for the CLI's `--profile`. */
  profile: string | null;
}

/** All checks of a deployment. */
export async function verify(deployment: Deployment): Promise<Check[]> {
  const { target: { ref, database, password }, url, secretKey, profile } = deployment;
  const expected = await readExpected();
  const cli = await Cli.open({ profile, password });
  const [ofDatabase, ofFunctions, smoke] = await Promise.all([
    databaseChecks((sql) => cli.query(database, sql), expected, deployment),
    ref === null ? [] : [functionsCheck(cli, ref, expected.functions)],
    url === null ? [NOT_CALLED] : smokeChecks({ url, secretKey }, expected.functions),
  ]);
  return [...ofDatabase, ...await Promise.all(ofFunctions), ...smoke];
}

const NOT_CALLED: Check = {
  name: "edge functions",
  ok: true,
  warning: true,
  found: "not called",
  remedy: "--remote=REF or --url says where they are",
};

/** The checks as a table, and below it what to do about those that failed, or that somebody should know of. */
export function report(checks: Check[]): string {
  const sign = ({ ok, warning }: Check) => !ok ? "✗" : warning ? "!" : "✓";
  const rows = checks.map((check) => [sign(check), check.name, shortened(check.found)]);
  const failed = checks.filter(({ ok }) => !ok);
  const warned = checks.filter(({ ok, warning }) => ok && warning);
  const warnings = warned.length === 0 ? "" : `, ${warned.length} with a warning`;
  return [
    table([["", "check", "found"], ...rows]),
    ...[...warned, ...failed].flatMap((check) => [
      `${sign(check)} ${check.name}: ${check.found}`,
      `  ${check.remedy}`,
    ]),
    failed.length === 0
      ? `All ${checks.length} checks passed${warnings}.`
      : `${failed.length} of ${checks.length} checks failed${warnings}.`,
  ].join("\n");
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 110 ? `${line.slice(0, 109)}…` : line;
}

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      remote: text,
      database: text,
      url: text,
      profile: text,
      "swept-elsewhere": flag,
      "own-policies": flag,
      help: flag,
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { remote, database } = values;
  const target = readTarget({ remote, database });
  if (target === null) throw new StackError(USAGE);
  if (target.unsure !== null) console.log(target.unsure);
  const checks = await verify({
    target,
    url: values.url ?? (target.ref === null ? null : `https://${target.ref}.supabase.co`),
    secretKey: Deno.env.get("SUPABASE_SECRET_KEY") || null,
    sweptElsewhere: values["swept-elsewhere"] ?? false,
    ownPolicies: values["own-policies"] ?? false,
    profile: values.profile ?? null,
  });
  console.log(report(checks));
  return checks.every(({ ok }) => ok) ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
