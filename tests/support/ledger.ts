/** What must be true of every account at every moment. */

import { strictEqual } from "node:assert/strict";
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
