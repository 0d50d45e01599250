/** What must be true of every account at every moment. */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type postgres from "postgres";

/** Checks that the versions have no gap, that each balance is the sum so far, and that the last is the profile's. */
export async function assertLedger(sql: postgres.Sql, userId: string): Promise<void> {
  // Of one snapshot: a worker may still be settling.
  const [[profile], events] = await sql.begin(
    "isolation level repeatable read read only",
    async (sql) => [
      await sql`select credits, version from profiles where id = ${userId}`,
      await sql`
        select version, delta, balance from account_events where user_id = ${userId} order by version`,
    ],
  );
  let sum = 0;
  for (const [index, event] of events.entries()) {
    sum += event["delta"];
    strictEqual(Number(event["version"]), index + 1, "versions have no gap");
    strictEqual(event["balance"], sum, "a balance is the sum of the deltas so far");
  }
  strictEqual(profile?.["credits"], sum, "the profile's balance is the ledger's");
  strictEqual(Number(profile?.["version"]), events.length, "the profile's version is the ledger's");
}

/**
 * Checks that each generation of these accounts was charged once and settled once, that none is left unsettled, and that
 * nobody was charged for a generation that is not there.
 */
export async function assertSettledOnce(sql: postgres.Sql, userIds: string[]): Promise<void> {
  const generations = await sql`
    select
      generation_id, j.status, j.cost, j.refunded, sum(e.delta) as delta,
      count(*) filter (where e.delta < 0) as charges,
      count(*) filter (
        where e.type in (
          'generation.completed', 'generation.failed', 'generation.released', 'generation.expired'
        )
      ) as settlements
    from (select * from account_events where user_id = any (${userIds}::uuid[])) e
    full join (select *, id as generation_id from generation_jobs where user_id = any (${userIds}::uuid[])) j
      using (generation_id)
    where generation_id is not null
    group by generation_id, j.status, j.cost, j.refunded`;
  const bad = generations.filter((each) =>
    Number(each["charges"]) !== 1 || Number(each["settlements"]) !== 1 ||
    ["reserved", "processing"].includes(each["status"]) ||
    Number(each["delta"]) !== each["refunded"] - each["cost"]
  );
  const first = JSON.stringify(bad[0]);
  strictEqual(bad.length, 0, `${bad.length} generations were not settled exactly once: ${first}`);
}

/** Checks that `get_health` finds nothing wrong; it does where nothing has swept for 3 minutes. */
export async function assertHealthy(sql: postgres.Sql): Promise<void> {
  const [row] = await sql`select get_health() -> 'checks' as checks`;
  const checks: { name: string; ok: boolean }[] = row?.["checks"];
  deepStrictEqual(checks.filter((check) => !check.ok), [], "nothing is unhealthy");
}

/** Sweeps as the schedule does, until there is no more. */
export async function sweepAll(sql: postgres.Sql): Promise<void> {
  let answer: { run: number; more: boolean } | undefined;
  do {
    const [row] = await sql`
      select refund_stuck_generations(500, ${answer?.run ?? null}) as answer`;
    answer = row?.["answer"] as { run: number; more: boolean };
  } while (answer.more);
}
