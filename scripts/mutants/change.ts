/** Changes of the database, made from its own words for what it holds, so that they can be taken back to the letter. */

import type postgres from "postgres";

/** Something that is taken out of a database. */
export type Change =
  | { kind: "function"; name: string; text: string; by: string }
  | { kind: "constraint" | "index"; name: string };

/** The function with `text`, which it must have exactly once, replaced `by` something else. */
export function replace(name: string, text: string, by: string): Change {
  return { kind: "function", name, text, by };
}

/** The table without one of its constraints or indexes. */
export function drop(kind: "constraint" | "index", name: string): Change {
  return { kind, name };
}

/** The statement that makes a change, and the one that takes it back. */
export interface Statements {
  make: string;
  undo: string;
}

/**
 * How to make a change in this database.
 *
 * @throws {Error} when there is no such thing to change: the product has moved on, and the table of mutants has not.
 */
export async function statements(sql: postgres.Sql, change: Change): Promise<Statements> {
  const { kind, name } = change;
  if (kind === "function") {
    const [row] = await sql`select pg_get_functiondef(to_regproc(${name})) as definition`;
    const undo: string = row?.["definition"] ?? "";
    const parts = undo.split(change.text);
    if (parts.length !== 2) {
      throw new Error(`${name} has ${parts.length - 1} times, not once: ${change.text}`);
    }
    return { make: parts.join(change.by), undo };
  }
  if (kind === "index") {
    const [row] = await sql`select pg_get_indexdef(to_regclass(${name})) as definition`;
    if (!row?.["definition"]) throw new Error(`There is no index ${name}`);
    return { make: `drop index ${name}`, undo: row?.["definition"] };
  }
  const [row, another] = await sql`
    select conrelid::regclass as "table", pg_get_constraintdef(oid) as definition
    from pg_constraint
    where conname = ${name} and connamespace in ('public'::regnamespace, 'private'::regnamespace)`;
  if (!row || another) throw new Error(`There is not exactly one constraint ${name}`);
  return {
    make: `alter table ${row["table"]} drop constraint ${name}`,
    undo: `alter table ${row["table"]} add constraint ${name} ${row["definition"]}`,
  };
}

/** Everything of the product that a change could have changed, in the database's words. */
export async function definitions(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ definition: string }[]>`
    with ours as (select unnest(array['public'::regnamespace, 'private'::regnamespace]) as namespace)
    select pg_get_functiondef(oid) as definition
    from pg_proc join ours on namespace = pronamespace where prokind = 'f'
    union all
    select format('%s: %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
    from pg_constraint join ours on namespace = connamespace
    union all
    select pg_get_indexdef(indexrelid)
    from pg_index join pg_class on pg_class.oid = indexrelid join ours on namespace = relnamespace
    union all
    select pg_get_triggerdef(pg_trigger.oid)
    from pg_trigger join pg_class on pg_class.oid = tgrelid join ours on namespace = relnamespace
    where not tgisinternal
    order by 1`;
  return rows.map((row) => row.definition);
}

/** Removes every account: those that lived with a mutant may hold what no constraint allows. Takes a superuser. */
export async function removeAccounts(superuser: postgres.Sql): Promise<void> {
  await superuser.begin(async (sql) => {
    // Our own triggers refuse it, and rightly so.
    await sql`set local session_replication_role = replica`;
    await sql`
      truncate profiles, generation_jobs, generation_results, account_events, private.idempotency_keys`;
  });
}
