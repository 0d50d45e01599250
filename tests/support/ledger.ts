/** What must be true of every account at every moment. */

import { strictEqual } from "node:assert/strict";
import type postgres from "postgres";

/** Checks that the versions have no gap, that each balance is the sum so far, and that the last is the profile's. */
export async function assertLedger(sql: postgres.Sql, userId: string): Promise<void> {
  const [profile] = await sql`select credits, version from profiles where id = ${userId}`;
  const events = await sql`
    select version, delta, balance from account_events where user_id = ${userId} order by version`;
  let sum = 0;
  events.forEach((event, index) => {
    sum += event["delta"];
    strictEqual(Number(event["version"]), index + 1, "versions have no gap");
    strictEqual(event["balance"], sum, "a balance is the sum of the deltas so far");
  });
  strictEqual(profile?.["credits"], sum, "the profile's balance is the ledger's");
  strictEqual(Number(profile?.["version"]), events.length, "the profile's version is the ledger's");
}
