/** What a deployment of this checkout consists of, read from its files. */

import { join } from "node:path";
import { parseEnv } from "node:util";
import { StackError } from "../stack/errors.ts";
import { readIfExists, repositoryRoot } from "../stack/files.ts";

export interface Expected {
  /** Names of functions of the database, such as `public.get_account`. */
  routines: string[];
  /** Columns by table, such as `public.profiles`. */
  tables: Record<string, string[]>;
  /** Versions of the migrations, such as `20261120100000`, in order. */
  migrations: string[];
  /** Names of the edge functions. */
  functions: string[];
}

/** Reads the committed schema, the names of the migrations and the edge functions of the configuration. */
export async function readExpected(): Promise<Expected> {
  const schema = await required("supabase/schema.sql");
  return {
    routines: [...schema.matchAll(/^CREATE FUNCTION ((?:public|private)\.\w+)\(/gm)].map((
      [, name = ""],
    ) => name),
    tables: Object.fromEntries(
      [...schema.matchAll(/^CREATE TABLE ((?:public|private)\.\w+) \(\n(.*?)^\);/gms)].map((
        [, name = "", body = ""],
      ) => [name, columns(body)]),
    ),
    migrations: await migrationVersions(),
    functions: await edgeFunctions(),
  };
}

function columns(body: string): string[] {
  return [...body.matchAll(/^ {4}(?!CONSTRAINT )"?(\w+)"? /gm)].map(([, name = ""]) => name);
}

async function migrationVersions(): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(join(repositoryRoot, "supabase/migrations")));
  return names.flatMap(({ name }) => /^(\d+)_.*\.sql$/.exec(name)?.[1] ?? []).sort();
}

/** The `[functions.NAME]` blocks of supabase/config.toml, of this checkout or of another one. */
export async function edgeFunctions(checkout = repositoryRoot): Promise<string[]> {
  const config = await required("supabase/config.toml", checkout);
  return [...config.matchAll(/^\[functions\.([\w-]+)\]/gm)].map(([, name = ""]) => name);
}

/** The secrets that the edge functions cannot do without: those that the example does not comment out. */
export async function neededSecrets(): Promise<string[]> {
  return Object.keys(parseEnv(await required("supabase/functions/.env.example")));
}

async function required(path: string, checkout = repositoryRoot): Promise<string> {
  const text = await readIfExists(join(checkout, path));
  if (text === undefined) throw new StackError(`There is no ${path} in this checkout`);
  return text;
}
