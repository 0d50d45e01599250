/**
 * The schedule's own command, ended after some of its batches. The table of runs is locked each time as a batch commits,
 * so that the next one waits there with all of its work done: what is ended has everything to lose but what is committed.
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import postgres from "postgres";
import { createDatabases } from "../isolation/databases.ts";
import { comesToWait } from "../races/sessions.ts";
import { assertHealthy, assertLedger, assertSettledOnce, sweepAll } from "../support/ledger.ts";

const BATCH = 20;
const BATCHES = 10;
/** How many of them are committed when the sweeper is ended. */
const COMMITTED = 3;

Deno.test("a sweeper that is ended between two batches has done what it committed, and the next one does the rest", async () => {
  await using databases = await createDatabases();
  const connect = () => postgres(databases.patient, { max: 1, onnotice: () => {} });
  const sql = connect(), sweeper = connect();
  const holders = [connect(), connect()] as const;
  try {
    const users = Array.from({ length: 10 }, () => crypto.randomUUID());
    await overdueGenerations(sql, users, BATCH * BATCHES);
    await sweepUntil(COMMITTED, { sql, sweeper, holders });

    const [expired] = await sql`
      select count(*)::integer as count from generation_jobs where status = 'expired'`;
    strictEqual(expired?.["count"], BATCH * COMMITTED, "what was committed stays");
    for (const user of users) await assertLedger(sql, user);
    deepStrictEqual(await lastRun(sql), {
      batches: COMMITTED,
      expired: BATCH * COMMITTED,
      refunded: BATCH * COMMITTED,
      failed: 0,
    }, "its run tells of that, and of no more");

    await sweepAll(sql);
    await assertSettledOnce(sql, users);
    for (const user of users) await assertLedger(sql, user);
    await assertHealthy(sql);
    strictEqual((await lastRun(sql)).expired, BATCH * (BATCHES - COMMITTED), "the rest");
  } finally {
    await Promise.all([sql, sweeper, ...holders].map((each) => each.end({ timeout: 1 })));
  }
});

async function overdueGenerations(
  sql: postgres.Sql,
  users: string[],
  count: number,
): Promise<void> {
  await sql`
    insert into profiles (id, credits) select id, ${count} from unnest(${users}::uuid[]) id`;
  await sql`update generation_types set rate_limit_seconds = 0`;
  await sql`
    select submit_generation(id) from unnest(${users}::uuid[]) id,
      generate_series(1, ${count / users.length}::integer)`;
  await sql`update generation_jobs set deadline_at = now() - interval '1 second'`;
}

/** The `do` block that pg_cron runs, with small batches. */
async function command(sql: postgres.Sql): Promise<string> {
  const [row] = await sql`
    select pg_get_functiondef('private.schedule_jobs'::regproc) as definition`;
  const text = /'refund-stuck-generations'.*?\$command\$(.*?)\$command\$/s.exec(
    row?.["definition"],
  )?.[1];
  const small = text?.replace(/(c_batch constant integer := )\d+/, `$1${BATCH}`);
  ok(small && small !== text, "the schedule has its command and its batch");
  return small;
}

interface Sessions {
  /** Looks on. */
  sql: postgres.Sql;
  /** Runs the command, and is ended. */
  sweeper: postgres.Sql;
  /** Lock the table of runs by turns. */
  holders: readonly [postgres.Sql, postgres.Sql];
}

/** Ends the sweeper in the batch that comes after so many committed ones. */
async function sweepUntil(committed: number, { sql, sweeper, holders }: Sessions): Promise<void> {
  const pidOf = async (session: postgres.Sql): Promise<number> =>
    (await session`select pg_backend_pid() as pid`)[0]?.["pid"];
  const pid = await pidOf(sweeper);
  const holderPids = [await pidOf(holders[0]), await pidOf(holders[1])] as const;
  const lock = (holder: postgres.Sql) =>
    holder.unsafe("begin; lock table private.sweep_runs in exclusive mode");

  await lock(holders[0]);
  let ended = false;
  const sweeping = sweeper.unsafe(await command(sql))
    .then(() => null, (error) => error).finally(() => ended = true);
  ok(await comesToWait(sql, pid, () => ended), "the first batch comes to its run");
  for (let batch = 0; batch < committed; batch++) {
    const [now, next] = batch % 2 === 0 ? [0, 1] as const : [1, 0] as const;
    let locked = false;
    const locking = lock(holders[next]).then(() => locked = true);
    ok(await comesToWait(sql, holderPids[next], () => locked), "the lock is next in the queue");
    await holders[now]`commit`;
    await locking;
    ok(await comesToWait(sql, pid, () => ended), `batch ${batch + 2} comes to its run`);
  }
  await sql`select pg_terminate_backend(${pid})`;
  const error: postgres.PostgresError | null = await sweeping;
  ok(["57P01", "CONNECTION_CLOSED"].includes(error?.code ?? ""), `it was ended: ${error}`);
  await holders[committed % 2]!`commit`;
}

async function lastRun(sql: postgres.Sql) {
  const [row] = await sql`
    select batches, expired, refunded::integer, failed from private.sweep_runs
    order by id desc limit 1`;
  return { ...row };
}
