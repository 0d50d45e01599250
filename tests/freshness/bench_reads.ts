/**
 * `deno task bench:reads`: what reads that are never stale cost. A write, with many answers of its user kept; a hit, against
 * the same read uncached and against the version check that it cannot do without; memory, over a million different reads.
 * What is compared is measured in turns, call by call.
 */

import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { createDatabase } from "../../supabase/functions/_shared/database.ts";
import { createViews } from "../../supabase/functions/_shared/views.ts";
import { type Stack } from "../../scripts/stack/stack.ts";
import { table } from "../../scripts/table.ts";
import { startTemporaryStack } from "../../scripts/temporary_stack.ts";
import { median } from "../../scripts/bench/pgbench.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

const MEGABYTES = 32;
/** Of the platform's 256 MB, something is not the heap's. */
const HEAP_MEGABYTES = 160;
/** By worker. The second is as the first: what they differ by is what the machine makes of it. */
const KEPT = [0, 0, 200, 10_000];
const WRITES_EACH = 1000;
const READS_EACH = 1500;
const EVENTS = 10_000;

const ms = (value: number) => `${value.toFixed(3)} ms`;

/** Milliseconds of each of these, in turns; the order changes from round to round. */
async function inTurns(
  rounds: number,
  works: (() => Promise<unknown>)[],
): Promise<number[][]> {
  const times: number[][] = works.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < works.length; i++) {
      const index = (i + round) % works.length;
      const startedAt = performance.now();
      await works[index]!();
      if (round >= rounds / 10) times[index]!.push(performance.now() - startedAt);
    }
  }
  return times;
}

async function writes(stack: Stack): Promise<void> {
  // What the tests talk to is read when they are loaded.
  Deno.env.set("STACK_ENV", stack.envFile);
  const { Account } = await import("./account.ts");
  const { startWorkers } = await import("./workers.ts");
  const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
  const [account] = await Account.create(sql, 1, 0);
  await sql.end();
  await using workers = await startWorkers({
    count: KEPT.length,
    env: { VIEW_CACHE_MEGABYTES: String(MEGABYTES) },
  });
  for (const [index, count] of KEPT.entries()) {
    const pages = Array.from({ length: count }, (_, i) => i + 1);
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (let page = pages.pop(); page; page = pages.pop()) {
        const path = `/account/history?before=${page}&limit=1`;
        const { status } = await account!.request("GET", workers.origins[index] + path);
        if (status !== 200) throw new Error(`A read got ${status}`);
      }
    }));
  }
  const times = await inTurns(
    WRITES_EACH,
    workers.origins.map((origin) => async () => {
      const { status } = await account!.request("POST", `${origin}/operations/grants`, {
        body: { user_id: account!.id, amount: 1, reason: "bench" },
        headers: { apikey: stack.secretKey },
      });
      if (status !== 200) throw new Error(`A grant got ${status}`);
    }),
  );
  print("\nA write (a grant over HTTP), by how many answers of its user the worker keeps:");
  print(table(
    [
      ["kept", "median", "ratio", "at most"],
      ...KEPT.map((count, index) => {
        const ratio = median(times[index]!) / median(times[0]!);
        return [
          count.toLocaleString("en"),
          ms(median(times[index]!)),
          `${ratio.toFixed(3)} ${ratio <= 1.05 ? "✓" : "✗"}`,
          "1.05",
        ];
      }),
    ],
    [0, 1, 2, 3],
  ));
}

async function hits(stack: Stack): Promise<void> {
  const userId = crypto.randomUUID();
  const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
  await sql`insert into profiles (id, credits) values (${userId}, 0)`;
  await sql`
    do $$ declare v_id uuid := (select id from public.profiles order by created_at desc limit 1);
    begin
      for i in 2..${sql.unsafe(String(EVENTS))} loop
        perform public.grant_credits(v_id, 1, 'a reason of the usual length');
      end loop;
    end $$`;
  await sql`vacuum analyze`;
  await sql.end();

  Deno.env.set("SUPABASE_URL", stack.url);
  Deno.env.set("SUPABASE_SECRET_KEYS", JSON.stringify({ default: stack.secretKey }));
  Deno.env.set("SUPABASE_PUBLISHABLE_KEYS", JSON.stringify({ default: stack.publishableKey }));
  const call = createDatabase();
  const parameters = { p_before: null, p_limit: 100 };
  const views = (maxBytes: number) =>
    createViews({ call, log: () => {}, count: () => {}, maxBytes });
  const [keeping, forgetting] = [views(MEGABYTES * 1024 * 1024), views(8)];
  const request = (headers = {}) => ({ userId, headers: new Headers(headers), requestId: "bench" });
  const read = (view: typeof keeping, headers = {}) => async () => {
    const { json, status } = await view("get_account_history", parameters, request(headers));
    if (status !== 304) new TextEncoder().encode(json);
  };
  const first = await keeping("get_account_history", parameters, request());
  const { epoch, version } = JSON.parse(first.json!);
  const bare = () =>
    call("get_account_history", {
      ...parameters,
      p_user_id: userId,
      p_known: `${epoch}.${version}`,
    }, { repeatable: true });
  const times = await inTurns(READS_EACH, [
    bare,
    read(keeping),
    read(keeping, { "if-none-match": first.headers!["etag"]! }),
    read(forgetting),
  ]);
  const [check = NaN] = times.map(median);
  print(
    `\nA page of 100 of a history of ${EVENTS.toLocaleString("en")} events (${
      first.json!.length
    } bytes):`,
  );
  print(table(
    [
      ["read", "median", "against the version check", "on top of it"],
      ...["the version check alone", "a hit", "a hit that the client has: 304", "uncached"].map(
        (name, index) => {
          const time = median(times[index]!);
          return [name, ms(time), `${(time / check).toFixed(2)} ×`, ms(time - check)];
        },
      ),
    ],
    [1, 2, 3],
  ));
}

print("Starting a stack:");
{
  await using stack = await startTemporaryStack({
    log: (line) => print(`  ${line}`),
    sweep: false,
  });
  await writes(stack);
  await hits(stack);
}
print(
  `\nMemory of a worker that may keep ${MEGABYTES} MiB, with a heap of ${HEAP_MEGABYTES} MiB at most, over a million different reads:`,
);
const memory = fileURLToPath(new URL("../../scripts/bench/reads_memory.ts", import.meta.url));
const { success } = await new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    "-A",
    `--v8-flags=--max-old-space-size=${HEAP_MEGABYTES}`,
    memory,
    String(MEGABYTES),
  ],
  stdout: "inherit",
  stderr: "inherit",
}).output();
if (!success) Deno.exit(1);
