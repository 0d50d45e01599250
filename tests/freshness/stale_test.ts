/**
 * Nobody is given what is older than a write that has been answered, on whichever worker; and this test would see it, as two
 * other ways to cache show.
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { connect } from "../support/stack.ts";
import { Account } from "./account.ts";
import { type Outcome, type PairsOptions, runPairs } from "./pairs.ts";
import { READS } from "./reads.ts";
import { startSharedCache } from "./variants/shared_cache.ts";
import { startWorkers, type WorkersOptions } from "./workers.ts";
import { CYCLE, HTTP_CYCLE } from "./writes.ts";

const WORKERS = 4;
/** Each does every write with every read, and a little more. */
const PAIRS_EACH = 160;

const variant = (name: string) => fileURLToPath(new URL(`variants/${name}`, import.meta.url));

async function run(
  workers: Partial<WorkersOptions>,
  count: number,
  options: Partial<PairsOptions> = {},
): Promise<Outcome> {
  const sql = connect({ max: 12 });
  await sql`update private.settings set direct_writes = 'record'`;
  try {
    await using running = await startWorkers({ count: WORKERS, ...workers });
    return await runPairs({
      origins: running.origins,
      sql,
      accounts: await Account.create(sql, count),
      pairs: count * PAIRS_EACH,
      ...options,
    });
  } finally {
    await sql`update private.settings set direct_writes = 'refuse'`;
    await sql.end();
  }
}

Deno.test("a read after any write shows it, on another worker that has kept an older answer", async () => {
  const { pairs, warm, stale, examples, combinations } = await run({}, 16);
  deepStrictEqual(examples, []);
  strictEqual(stale, 0);
  ok(warm > 0.8 * pairs, `${warm} of ${pairs} could have been stale`);
  // What a generation was before it was made, nobody can have kept.
  const possible = new Set(CYCLE.map(([name]) => name)).size * READS.length - 2;
  strictEqual(combinations.size, possible, [...combinations.keys()].sort().join("\n"));
});

Deno.test("the same test finds what is stale where answers are kept for a second", async () => {
  const { stale, warm } = await run({ folder: variant("one_second") }, 4, {
    // It would not find what is overdue: what it keeps, it gives without asking.
    cycle: CYCLE.filter(([name]) => name !== "fall due"),
  });
  ok(stale > warm / 10, `${stale} of ${warm}`);
});

Deno.test("the same test finds what is stale where keys are listed and deleted after the answer", async () => {
  await using cache = startSharedCache();
  const { stale, warm } = await run(
    { folder: variant("delete_keys"), env: { SHARED_CACHE_URL: cache.url } },
    8,
    { cycle: HTTP_CYCLE },
  );
  ok(stale > 0, `${stale} of ${warm}`);
});
