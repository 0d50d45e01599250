/**
 * `deno task bench:starvation`: whether one user can starve the others. One account's row is held, and 200 requests of
 * its user wait for it; other users' requests are timed meanwhile, and before. The ratio is of their p99.
 */

import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { type Stack } from "../stack/stack.ts";
import { table } from "../table.ts";
import { startTemporaryStack } from "../temporary_stack.ts";
import { median } from "./pgbench.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

const WAITING = 200;
const OTHERS = 4;
const REQUESTS_EACH = 150;
const ROUNDS = 3;

interface User {
  id: string;
  token: string;
}

async function newUser(stack: Stack): Promise<User> {
  const client = createClient(stack.url, stack.publishableKey, { auth: { persistSession: false } });
  const { data, error } = await client.auth.signInAnonymously();
  if (error || !data.session) throw error ?? new Error("The sign-in gave no session");
  await client.auth.stopAutoRefresh();
  return { id: data.session.user.id, token: data.session.access_token };
}

async function post(stack: Stack, user: User, path: string, signal?: AbortSignal): Promise<number> {
  const response = await fetch(`${stack.url}/functions/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.token}` },
    ...(signal ? { signal } : {}),
  });
  await response.body?.cancel();
  return response.status;
}

/** Milliseconds of each request of a few users who reserve and give back in turn. */
async function timeOthers(stack: Stack, users: User[]): Promise<number[]> {
  const times: number[] = [];
  await Promise.all(users.map(async (user) => {
    for (let i = 0; i < REQUESTS_EACH; i++) {
      const startedAt = performance.now();
      const status = await post(stack, user, i % 2 ? "/refund-credit" : "/check-and-deduct-credit");
      if (status !== 200 && status !== 429 && status !== 409) {
        throw new Error(`A request got ${status}`);
      }
      times.push(performance.now() - startedAt);
    }
  }));
  return times.toSorted((a, b) => a - b);
}

const quantile = (sorted: number[], q: number) => sorted[Math.floor(sorted.length * q)] ?? NaN;

async function whileHeld<T>(
  stack: Stack,
  sql: postgres.Sql,
  greedy: User,
  work: () => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const holder = await sql.reserve();
  await holder`begin`;
  await holder`select from profiles where id = ${greedy.id} for no key update`;
  const waiting = Array.from(
    { length: WAITING },
    () => post(stack, greedy, "/check-and-deduct-credit", ending.signal).catch(() => 0),
  );
  try {
    return await work();
  } finally {
    await holder`rollback`;
    holder.release();
    ending.abort();
    await Promise.all(waiting);
  }
}

print("Starting a stack:");
await using stack = await startTemporaryStack({ log: (line) => print(`  ${line}`), sweep: false });
const sql = postgres(stack.databaseUrl, { max: 2 });
const others = await Promise.all(Array.from({ length: OTHERS }, () => newUser(stack)));
await timeOthers(stack, others); // warms up
const rows = [["round", "p50 alone", "p50 beside", "p99 alone", "p99 beside", "ratio of p99"]];
const ratios: number[] = [];
for (let round = 1; round <= ROUNDS; round++) {
  const alone = await timeOthers(stack, others);
  const beside = await whileHeld(stack, sql, await newUser(stack), () => timeOthers(stack, others));
  const ratio = quantile(beside, 0.99) / quantile(alone, 0.99);
  ratios.push(ratio);
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  rows.push([
    String(round),
    ms(quantile(alone, 0.5)),
    ms(quantile(beside, 0.5)),
    ms(quantile(alone, 0.99)),
    ms(quantile(beside, 0.99)),
    ratio.toFixed(2),
  ]);
}
await sql.end();
print("\n" + table(rows, [0, 1, 2, 3, 4, 5]));
print(
  `${WAITING} requests of one user wait for its row; the others' p99 is ${
    median(ratios).toFixed(2)
  } times what it is alone.`,
);
