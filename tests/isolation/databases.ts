/**
 * Two databases of the specs' own, beside the stack's and with the stack's functions in them as they are at this moment,
 * but for the time that these wait for a lock. In the stack's own database others work, whom a sweep would meet; and
 * half a second is a threshold: too short for a machine that is busy, too long where the wait is sure to be in vain.
 */

import postgres from "postgres";
import { connect, stack } from "../support/stack.ts";

export interface Databases extends AsyncDisposable {
  /** Where a function waits for as long as it takes; 5 seconds, so that what waits in vain is a failure and no standstill. */
  patient: string;
  /** Where it gives up at once. */
  hasty: string;
}

const migrations = new URL("../../supabase/migrations/", import.meta.url);

/** What the migrations need of the platform; the roles are the whole server's. */
const platform = `
  create schema auth;
  create table auth.users (id uuid primary key, email text, is_anonymous boolean not null default false);
  create function auth.uid() returns uuid language sql stable as 'select null::uuid';
  create function auth.jwt() returns jsonb language sql stable as 'select null::jsonb';`;

export async function createDatabases(): Promise<Databases> {
  const name = `isolation_${crypto.randomUUID().slice(0, 8)}`;
  const names = { patient: `${name}_patient`, hasty: `${name}_hasty` };
  const url = (database: string) =>
    Object.assign(new URL(stack.databaseUrl), { pathname: `/${database}` }).href;
  await using server = closing(connect({ max: 1 }));
  const drop = async () => {
    await using server = closing(connect({ max: 1 }));
    for (const each of Object.values(names)) {
      await server.sql.unsafe(`drop database if exists ${each} with (force)`);
    }
  };
  try {
    await server.sql.unsafe(`create database ${names.patient}`);
    await fill(url(names.patient), await functionsOf(server.sql));
    await server.sql.unsafe(`create database ${names.hasty} template ${names.patient}`);
    await setLockTimeout(url(names.patient), "5s");
    await setLockTimeout(url(names.hasty), "10ms");
  } catch (error) {
    await drop();
    throw error;
  }
  return { patient: url(names.patient), hasty: url(names.hasty), [Symbol.asyncDispose]: drop };
}

/** The product's functions as they are now, each as the statement that makes it. */
async function functionsOf(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ definition: string }[]>`
    select pg_get_functiondef(oid) as definition
    from pg_proc
    where pronamespace in ('public'::regnamespace, 'private'::regnamespace) and prokind = 'f'
    order by oid`;
  return rows.map((row) => row.definition);
}

async function fill(url: string, functions: string[]): Promise<void> {
  await using database = closing(postgres(url, { max: 1, onnotice: () => {} }));
  const files = [...Deno.readDirSync(migrations)].map((entry) => entry.name).sort();
  await database.sql.unsafe(platform);
  for (const file of files) await database.sql.file(new URL(file, migrations).pathname);
  for (const definition of functions) await database.sql.unsafe(definition);
  await database.sql.file(new URL("scene.sql", import.meta.url).pathname);
}

/** Lets every function that bounds its waiting for a lock wait for so long. */
async function setLockTimeout(url: string, timeout: string): Promise<void> {
  await using database = closing(postgres(url, { max: 1, onnotice: () => {} }));
  const functions = await database.sql<{ name: string }[]>`
    select oid::regprocedure as name
    from pg_proc
    where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and proconfig::text like '%lock_timeout=%'`;
  for (const { name } of functions) {
    await database.sql.unsafe(`alter function ${name} set lock_timeout = '${timeout}'`);
  }
}

/** A client that is disposed of with its scope. */
function closing(sql: postgres.Sql): { sql: postgres.Sql } & AsyncDisposable {
  return { sql, [Symbol.asyncDispose]: () => sql.end() };
}
