/**
 * Writes, or with --check compares, what is generated from the migrations: a dump of the schema, so that a review sees
 * every change of the database, the catalogue that verify compares a deployment with, and the types for TypeScript.
 *
 *     deno task schema [--check] [--remote=postgresql://…]
 *
 * Without --remote the migrations are applied to a new database of Debian's Postgres 15, which is gone afterwards.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { DEBIAN_POSTGRES, installDebianPackages } from "./debian.ts";
import { readCatalogue } from "./deploy/catalogue.ts";
import { Cli } from "./deploy/cli.ts";
import { startTemporaryDatabase } from "./deploy/temporary_database.ts";
import { StackError } from "./stack/errors.ts";
import { readIfExists, repositoryRoot } from "./stack/files.ts";
import { runOrFail } from "./stack/process.ts";

/** The generated files, by what makes each from a database with the migrations applied. */
const FILES: { path: string; make: (databaseUrl: string) => Promise<string> }[] = [
  { path: "supabase/schema.sql", make: schemaDump },
  { path: "supabase/catalogue.json", make: catalogue },
  { path: "supabase/functions/_shared/database.types.ts", make: databaseTypes },
];

/** The schemas public and private by Debian's pg_dump, without what differs between machines and runs. */
export async function schemaDump(databaseUrl: string): Promise<string> {
  const dump = await runOrFail("pg_dump", `${DEBIAN_POSTGRES}/pg_dump`, {
    args: ["--schema-only", "--no-owner", "--schema=public", "--schema=private", databaseUrl],
    env: { PGSSLMODE: "disable" },
  });
  const [, ...sections] = dump.split(/^--\n(?=-- (?:Name|PostgreSQL database dump complete))/m);
  return "-- Generated from supabase/migrations by `deno task schema`; not to be edited, nor applied.\n\n" +
    sections.filter(isOurs).map((section) => `--\n${section.trimEnd()}\n`).join("\n");
}

/** Not the platform's: the schema public itself, and what it grants by default. */
function isOurs(section: string): boolean {
  return !/^-- (Name: (public|SCHEMA public);|Name: [^\n]*; Type: DEFAULT ACL;|PostgreSQL database dump complete)/
    .test(section);
}

/** Every object of the schemas public and private with its properties, as JSON in an order of its own. */
export async function catalogue(databaseUrl: string): Promise<string> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const query = async <Row>(text: string) => await sql.unsafe(text) as unknown as Row[];
    const objects = Object.entries(await readCatalogue(query)).sort(([a], [b]) => a < b ? -1 : 1);
    return JSON.stringify(Object.fromEntries(objects), null, 2) + "\n";
  } finally {
    await sql.end();
  }
}

/** The types of what PostgREST shows: the schema public. */
export async function databaseTypes(databaseUrl: string): Promise<string> {
  const cli = await Cli.open({ profile: null });
  // Otherwise a warning, such as that of a connection without TLS, stands among the types.
  const quiet = ["--output-format=json", "--agent=no"];
  const answer = await cli.ask([
    ...["gen", "types", "--lang=typescript", "--schema=public", `--remote=${databaseUrl}`],
    ...quiet,
  ]);
  if (!answer.success) throw new StackError(`supabase gen types failed:\n${answer.said}`);
  return await formatted(
    `// Generated from supabase/migrations by \`deno task schema\`.\n${answer.stdout}`,
  );
}

/** The CLI leaves its types unformatted. */
async function formatted(text: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--no-config", "--line-width=100", "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new StackError("deno fmt could not format the types");
  return new TextDecoder().decode(stdout);
}

/** What of the committed files is not what the database says: a readable diff; empty when all is as it should be. */
export async function schemaDifferences(databaseUrl: string): Promise<string> {
  let differences = "";
  for (const { path, make } of FILES) {
    const committed = await readIfExists(join(repositoryRoot, path)) ?? "";
    const made = await make(databaseUrl);
    // Another version of Deno may format otherwise: that is no difference.
    const isSame = committed === made ||
      path.endsWith(".ts") && committed !== "" && await formatted(committed) === made;
    if (!isSame) differences += await diff(path, committed, made);
  }
  return differences;
}

async function diff(path: string, committed: string, made: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "committed"), committed);
    await Deno.writeTextFile(join(folder, "made"), made);
    const { stdout } = await new Deno.Command("diff", {
      args: [
        `--label=${path} (committed)`,
        `--label=${path} (of the migrations)`,
        "-u",
        "committed",
        "made",
      ],
      cwd: folder,
    }).output();
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: { check: { type: "boolean" }, remote: { type: "string" } },
  });
  const log = (line: string) => console.error(line);
  await using parts = new AsyncDisposableStack();
  let url = values.remote;
  if (url === undefined) {
    const missing = await installDebianPackages(log);
    if (missing !== null) {
      throw new StackError(
        `The dump is made with Debian's Postgres 15, which cannot be had: ${missing}`,
      );
    }
    const options = { postgres: DEBIAN_POSTGRES, migrations: true };
    url = parts.use(await startTemporaryDatabase(options)).url;
  }
  if (values.check) {
    const differences = await schemaDifferences(url);
    if (differences === "") {
      console.log("The committed schema and types are those of the migrations.");
      return 0;
    }
    console.log(differences);
    console.log(
      "The committed schema or types are not those of the migrations: run `deno task schema`, and commit.",
    );
    return 1;
  }
  for (const { path, make } of FILES) {
    await Deno.writeTextFile(join(repositoryRoot, path), await make(url));
    console.log(`wrote ${path}`);
  }
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!(error instanceof StackError || error instanceof TypeError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
