/**
 * The server's process is ended inside each function that writes, once at every table that the function comes to: before
 * it has locked anything, half-way, and when all is written and nothing committed.
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import postgres from "postgres";
import { createDatabases } from "../isolation/databases.ts";
import { comesToWait } from "../races/sessions.ts";
import { assertLedger } from "../support/ledger.ts";

/** An account that holds a reservation and a submission that is overdue; a call that has something to do there. */
interface Scene {
  user: string;
  reserved: string;
  submitted: string;
  token: string;
}

/** Connections: one that looks on, one that locks a table, and one that makes the call and is ended. */
type Sessions = Record<"sql" | "holder" | "victim", postgres.Sql>;

/** How a function is called, how many events it makes, and whether it takes a key (`key-1`) to be sent again by. */
interface Case {
  call(scene: Scene): [name: string, value: unknown][];
  events: number;
  keyed?: boolean;
}

const KEY: [string, string] = ["p_idempotency_key", "key-1"];
const EVENT = { events: 1 };
const KEYED = { events: 1, keyed: true };

/** Every function that service_role may call and that writes. */
const cases: Record<string, Case> = {
  complete_generation: {
    ...KEYED,
    call: ({ submitted, token }) => [
      ["p_generation_id", submitted],
      ["p_result", { picture: "…" }],
      ["p_cost", 1],
      ["p_lease_token", token],
      KEY,
    ],
  },
  deduct_credit_atomic: {
    ...EVENT,
    call: ({ user }) => [["p_user_id", user], ["p_rate_limit_seconds", 0]],
  },
  expire_overdue_generations: { ...EVENT, call: ({ user }) => [["p_user_id", user]] },
  extend_lease: {
    events: 0,
    call: ({ submitted, token }) => [
      ["p_generation_id", submitted],
      ["p_lease_token", token],
      ["p_lease_seconds", 60],
    ],
  },
  fail_generation: {
    ...KEYED,
    call: ({ submitted, token }) => [["p_generation_id", submitted], ["p_lease_token", token], KEY],
  },
  grant_credits: {
    ...KEYED,
    call: ({ user }) => [["p_user_id", user], ["p_amount", 5], ["p_reason", "a gift"], KEY],
  },
  hand_over_generation: {
    events: 0,
    call: ({ submitted, token }) => [["p_generation_id", submitted], ["p_lease_token", token]],
  },
  open_account: { ...EVENT, call: () => [["p_user_id", crypto.randomUUID()]] },
  publish_notification: {
    events: 0,
    keyed: true,
    call: () => [
      ["p_topic", "orders"],
      ["p_kind", "order"],
      ["p_subject", crypto.randomUUID()],
      ["p_status", "paid"],
      KEY,
    ],
  },
  record_change: { ...EVENT, call: ({ user }) => [["p_user_id", user], ["p_reason", "a note"]] },
  record_metrics: {
    events: 0,
    call: () => [
      ["p_worker", crypto.randomUUID()],
      ["p_metrics", [{ name: "n", labels: {}, value: 1 }]],
    ],
  },
  refund_credit_atomic: { ...EVENT, call: ({ user }) => [["p_user_id", user]] },
  refund_stuck_generations: { ...EVENT, call: () => [] },
  release_generation: { ...KEYED, call: ({ user }) => [["p_user_id", user], KEY] },
  reserve_generation: { ...KEYED, call: ({ user }) => [["p_user_id", user], KEY] },
  rotate_epoch: { events: 0, call: () => [] },
  set_preferences: {
    ...KEYED,
    call: ({ user }) => [
      ["p_user_id", user],
      ["p_topic", "orders"],
      ["p_muted", true],
      ["p_min_interval_seconds", 0],
      KEY,
    ],
  },
  submit_generation: {
    ...KEYED,
    call: ({ user, reserved }) => [
      ["p_user_id", user],
      ["p_input", { prompt: "x" }],
      ["p_generation_id", reserved],
      ["p_lease_seconds", 60],
      KEY,
    ],
  },
};

Deno.test("a backend that is ended inside a function has changed nothing, and the call made again counts once", async (test) => {
  await using databases = await createDatabases();
  const connect = () => postgres(databases.patient, { max: 1, onnotice: () => {} });
  const sessions: Sessions = { sql: connect(), holder: connect(), victim: connect() };
  const { sql, holder } = sessions;
  try {
    await sql`update generation_types set rate_limit_seconds = 0`;
    await sql`insert into topics (name) values ('orders') on conflict do nothing`;
    deepStrictEqual(Object.keys(cases), await writingFunctions(sql), "each has its case");
    const tables = await tablesOf(sql);
    for (const [name, { call, events, keyed }] of Object.entries(cases)) {
      await test.step(name, async () => {
        const scene = await setScene(sql);
        const parameters = call(scene);
        const work = (on: postgres.Sql) => invoke(on, name, parameters);
        const before = await contents(sql, tables);
        const places = [];
        for (const table of tables) {
          if (!await endedAt(table, work, sessions)) continue;
          await sessions.victim.end({ timeout: 0 });
          sessions.victim = connect();
          places.push(table);
          deepStrictEqual(await contents(sql, tables), before, `ended at ${table}`);
        }
        ok(places.length > 0, "it was ended somewhere");

        const first = await work(sql);
        strictEqual(first.success, true, JSON.stringify(first));
        const after = await contents(sql, tables);
        strictEqual(eventsIn(after) - eventsIn(before), events, "what it does, it does once");
        if (keyed) {
          const { replayed, ...answer } = await work(sql);
          strictEqual(replayed, true);
          for (const [field, value] of Object.entries(answer)) {
            deepStrictEqual(value, first[field], field);
          }
          deepStrictEqual(await contents(sql, tables), after, "the same key changes nothing");
        }
        await assertLedger(sql, scene.user);
      });
    }
  } finally {
    await Promise.all([sql.end(), holder.end(), sessions.victim.end()]);
  }
});

async function writingFunctions(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select proname as name from pg_proc
    where pronamespace = 'public'::regnamespace and prokind = 'f' and provolatile = 'v'
    order by proname collate "C"`;
  return rows.map(({ name }) => name);
}

async function tablesOf(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'private') and c.relkind = 'r' order by 1`;
  return rows.map(({ name }) => name);
}

type Contents = Record<string, unknown[]>;

async function contents(sql: postgres.Sql, tables: string[]): Promise<Contents> {
  const rows = await sql.unsafe(
    tables.map((table) =>
      `select '${table}' as name, coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), '[]') as rows
       from ${table} t`
    ).join(" union all "),
  );
  return Object.fromEntries(rows.map(({ name, rows }) => [name, rows]));
}

const eventsIn = (contents: Contents) => contents["public.account_events"]?.length ?? NaN;

async function setScene(sql: postgres.Sql): Promise<Scene> {
  const user = crypto.randomUUID();
  await sql`select refund_stuck_generations()`; // what the scene before has left
  await sql`insert into profiles (id, credits) values (${user}, 5)`;
  const [first] = await sql`select submit_generation(${user}, p_lease_seconds => 60) as answer`;
  const [second] = await sql`select reserve_generation(${user}) as answer`;
  const submitted: string = first?.["answer"].generation_id;
  await sql`
    update generation_jobs set deadline_at = now() - interval '1 second' where id = ${submitted}`;
  return {
    user,
    submitted,
    reserved: second?.["answer"].generation_id,
    token: first?.["answer"].lease_token,
  };
}

async function invoke(
  sql: postgres.Sql,
  name: string,
  parameters: [string, unknown][],
): Promise<Record<string, unknown>> {
  const list = parameters.map(([parameter], index) => `${parameter} => $${index + 1}`).join();
  const values = parameters.map(([, value]) => value) as postgres.ParameterOrJSON<never>[];
  const [row] = await sql.unsafe(`select public.${name}(${list}) as answer`, values);
  return row?.["answer"] ?? {};
}

/** Ends the call where it waits to write to a table, or to lock a row of it. Answers whether it ever came there. */
async function endedAt(
  table: string,
  work: (sql: postgres.Sql) => Promise<unknown>,
  { sql, holder, victim }: Sessions,
): Promise<boolean> {
  await holder.unsafe(`begin; lock table ${table} in exclusive mode`);
  try {
    const [row] = await victim`select pg_backend_pid() as pid`;
    await victim`begin`;
    let answered = false;
    const answer = work(victim).then(() => null, (error) => error).finally(() => answered = true);
    if (!await comesToWait(sql, row?.["pid"], () => answered)) {
      strictEqual(await answer, null, `past ${table}`);
      await victim`rollback`;
      return false;
    }
    await sql`select pg_terminate_backend(${row?.["pid"]})`;
    // The server's last word, where it comes before the end of the connection.
    const error: postgres.PostgresError | null = await answer;
    ok(["57P01", "CONNECTION_CLOSED"].includes(error?.code ?? ""), `ended at ${table}: ${error}`);
    return true;
  } finally {
    await holder`rollback`;
  }
}
