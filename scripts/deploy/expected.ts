/** What a deployment of this checkout consists of, read from its files. */

import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Catalogue } from "./catalogue.ts";
import { StackError } from "../stack/errors.ts";
import { readIfExists, repositoryRoot } from "../stack/files.ts";

/** Our edge functions. An app has others beside them, in the same folder and config.toml, which are its own business. */
export const EDGE_FUNCTIONS = [
  "account",
  "check-and-deduct-credit",
  "events",
  "generation-callback",
  "operations",
  "refund-credit",
  "submit-generation",
];

export interface Expected {
  /** Names of functions of the database, such as `public.get_account`. */
  routines: string[];
  /** Columns by table, such as `public.profiles`. */
  tables: Record<string, string[]>;
  /** Every object of ours, as the migrations make it: supabase/catalogue.json. */
  catalogue: Catalogue;
  /** Versions of the migrations, such as `20261120100000`, in order. */
  migrations: string[];
  /** Names of our edge functions. */
  functions: string[];
}

/** Reads the committed catalogue, and the names of the migrations. */
export async function readExpected(): Promise<Expected> {
  const catalogue: Catalogue = JSON.parse(await required("supabase/catalogue.json"));
  const tables: Record<string, string[]> = {};
  for (const name of Object.keys(catalogue)) {
    const [, table, column] = /^column (\w+\.\w+)\.(\w+)$/.exec(name) ?? [];
    if (table !== undefined && column !== undefined) (tables[table] ??= []).push(column);
  }
  const routines = Object.keys(catalogue).flatMap((name) =>
    /^function (\w+\.\w+)\(/.exec(name)?.[1] ?? []
  );
  return {
    routines,
    tables,
    catalogue,
    migrations: await migrationVersions(),
    functions: EDGE_FUNCTIONS,
  };
}

async function migrationVersions(): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(join(repositoryRoot, "supabase/migrations")));
  return names.flatMap(({ name }) => /^(\d+)_.*\.sql$/.exec(name)?.[1] ?? []).sort();
}

/** Which of our functions have a `[functions.NAME]` block in supabase/config.toml, of this checkout or of another one. */
export async function edgeFunctions(checkout = repositoryRoot): Promise<string[]> {
  const config = await required("supabase/config.toml", checkout);
  const configured = [...config.matchAll(/^\[functions\.([\w-]+)\]/gm)].map(([, name]) => name);
  return EDGE_FUNCTIONS.filter((name) => configured.includes(name));
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
