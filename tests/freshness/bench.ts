/**
 * `deno task bench:freshness [pairs]`: pairs of a write and a read over four workers, 100,000 when no number is given, as
 * tests/freshness has them; and how much the same finds where answers are kept in other ways.
 */

import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { table } from "../../scripts/table.ts";
import { startTemporaryStack } from "../../scripts/temporary_stack.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

const WORKERS = 4;
const pairs = Number(Deno.args[0] ?? 100_000);
if (!Number.isSafeInteger(pairs) || pairs < 1) throw new Error("Say how many pairs, in digits");
/** Of the others: they are found out at once. */
const fewer = Math.min(pairs, 4000);

print("Starting a stack:");
await using stack = await startTemporaryStack({ log: (line) => print(`  ${line}`), sweep: false });
// What the tests talk to is read when they are loaded.
Deno.env.set("STACK_ENV", stack.envFile);
const { Account } = await import("./account.ts");
const { runPairs } = await import("./pairs.ts");
const { startSharedCache } = await import("./variants/shared_cache.ts");
const { startWorkers } = await import("./workers.ts");
const { CYCLE, HTTP_CYCLE } = await import("./writes.ts");

const sql = postgres(stack.databaseUrl, { max: 12, onnotice: () => {} });
await sql`update private.settings set direct_writes = 'record'`;
await using cache = startSharedCache();
const variants = new URL("variants/", import.meta.url);

const subjects = [
  { name: "edge-credits", pairs },
  {
    name: "kept for 1 s, without asking",
    pairs: fewer,
    folder: fileURLToPath(new URL("one_second", variants)),
    // It would not find what is overdue: what it keeps, it gives without asking.
    cycle: CYCLE.filter(([name]) => name !== "fall due"),
  },
  {
    name: "keys deleted after the answer",
    pairs: fewer,
    folder: fileURLToPath(new URL("delete_keys", variants)),
    env: { SHARED_CACHE_URL: cache.url },
    cycle: HTTP_CYCLE,
  },
];
const rows = [["answers kept by", "pairs", "with an older answer kept", "stale", "pairs a second"]];
let stale = NaN;
for (const { name, pairs, folder, env, cycle } of subjects) {
  print(`\n${name}: ${pairs.toLocaleString("en")} pairs over ${WORKERS} workers`);
  await using workers = await startWorkers({
    count: WORKERS,
    ...(folder ? { folder } : {}),
    ...(env ? { env } : {}),
  });
  const accounts = await Account.create(sql, Math.max(12, Math.ceil(pairs / 500)));
  const startedAt = performance.now();
  const outcome = await runPairs({
    origins: workers.origins,
    sql,
    accounts,
    pairs,
    ...(cycle ? { cycle } : {}),
    progress: (done) => done % 10_000 === 0 && print(`  ${done.toLocaleString("en")}`),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  for (const example of outcome.examples.slice(0, 2)) print(`  stale: ${example}`);
  print(`  ${outcome.combinations.size} combinations of a write and a view`);
  const number = (value: number) => Math.round(value).toLocaleString("en");
  rows.push([
    name,
    number(outcome.pairs),
    number(outcome.warm),
    number(outcome.stale),
    number(outcome.pairs / seconds),
  ]);
  if (name === "edge-credits") stale = outcome.stale;
}
await sql.end();
print("\n" + table(rows, [1, 2, 3, 4]));
print(stale === 0 ? "No read was stale ✓" : "A read was stale ✗");
if (stale !== 0) Deno.exitCode = 1;
