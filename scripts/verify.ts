/**
 * Checks a deployment, without changing anything, and says what to do about what is wrong. Ends with 1 when anything is.
 *
 *     deno task verify --remote=REF|postgresql://… [--url=https://REF.supabase.co --secret-key=sb_secret_…]
 *       [--swept-elsewhere] [--profile=FILE]
 *
 * With --url it also calls the edge functions. The key is better given as SUPABASE_SECRET_KEY, which no list of
 * processes shows.
 */

import { parseArgs } from "node:util";
import { type Check, databaseChecks } from "./deploy/checks.ts";
import { Cli } from "./deploy/cli.ts";
import { readExpected } from "./deploy/expected.ts";
import { type Site, smokeChecks } from "./deploy/smoke.ts";
import { StackError } from "./stack/errors.ts";
import { table } from "./table.ts";

const USAGE =
  "Usage: deno task verify --remote=REF|postgresql://… [--url=URL --secret-key=KEY] [--swept-elsewhere]";

export interface Deployment {
  /** A project's ref, or the connection string of its database. */
  remote: string;
  /** Null: nothing is called over HTTP. */
  site: Site | null;
  sweptElsewhere: boolean;
  /** A file for the CLI's `--profile`. */
  profile: string | null;
}

/** All checks of a deployment. */
export async function verify(
  { remote, site, sweptElsewhere, profile }: Deployment,
): Promise<Check[]> {
  const expected = await readExpected();
  const cli = await Cli.open({ profile });
  const [database, smoke] = await Promise.all([
    databaseChecks((sql) => cli.query(remote, sql), expected, { sweptElsewhere }),
    site === null ? [] : smokeChecks(site, expected.functions),
  ]);
  return [...database, ...smoke];
}

/** The checks as a table, and below it what to do about the failed ones. */
export function report(checks: Check[]): string {
  const rows = checks.map(({ ok, name, found }) => [ok ? "✓" : "✗", name, shortened(found)]);
  const failed = checks.filter(({ ok }) => !ok);
  return [
    table([["", "check", "found"], ...rows]),
    ...failed.flatMap(({ name, found, remedy }) => [`✗ ${name}: ${found}`, `  ${remedy}`]),
    failed.length === 0
      ? `All ${checks.length} checks passed.`
      : `${failed.length} of ${checks.length} checks failed.`,
  ].join("\n");
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 110 ? `${line.slice(0, 109)}…` : line;
}

/** The site of --url, --secret-key and the environment. */
export function siteOf(url: string | undefined, key: string | undefined): Site | null {
  if (url === undefined) return null;
  const secretKey = key ?? Deno.env.get("SUPABASE_SECRET_KEY");
  if (secretKey !== undefined) return { url, secretKey };
  throw new StackError(
    "--url takes the project's secret key, as SUPABASE_SECRET_KEY or by --secret-key",
  );
}

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      remote: text,
      url: text,
      "secret-key": text,
      profile: text,
      "swept-elsewhere": { type: "boolean" },
    },
  });
  if (values.remote === undefined) throw new StackError(USAGE);
  const checks = await verify({
    remote: values.remote,
    site: siteOf(values.url, values["secret-key"]),
    sweptElsewhere: values["swept-elsewhere"] ?? false,
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
