/**
 * `deno task bench:events`: how long an event takes from its commit to the client, and what the streams cost: memory, CPU
 * and questions to the database; and what they cost the writers. Streams are read by a process of its own
 * (events_reader.ts). It shares this machine's cores with the worker, Postgres and PostgREST, so that all figures are
 * those of a machine that also plays a thousand clients.
 */

import { importJWK, type JWK, SignJWT } from "jose";
import { join } from "node:path";
import postgres from "postgres";
import { installDebianPackages } from "../debian.ts";
import { table } from "../table.ts";
import { startTemporaryStack, type TemporaryStack } from "../temporary_stack.ts";
import { median, rate, type Settings } from "./pgbench.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

const STREAMS = [1, 100, 1000];
const WRITES_PER_SECOND = 100;
const SECONDS = 20;
const GOAL_P95_MS = 300;
const GOAL_RATIO = 0.95;
const ROUNDS = 5;
/** Users who submit, and as many who do not. */
const WRITERS = 1000;
/** The platform ends a worker of a paid plan after so many seconds; it allows it 2 s of CPU a request. */
const WALL_CLOCK_SECONDS = 400;

/** What events_reader.ts says when it is told to end. */
interface Readings {
  /** From the clock of the commit to the client, in milliseconds, sorted. */
  delays: number[];
}

class Readers implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #isClosed = false;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Opens the streams, and returns when all have been greeted. */
  static async open(stack: TemporaryStack, tokens: string[]): Promise<Readers> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("events_reader.ts", import.meta.url).pathname, stack.url],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const readers = new Readers(child);
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(tokens) + "\n"));
    writer.releaseLock();
    if (await readers.#line() !== "open") throw new Error("The streams could not be opened");
    return readers;
  }

  /** Ends all streams. */
  async close(): Promise<Readings> {
    await this.#child.stdin.close();
    const readings = JSON.parse(await this.#line());
    await this.#child.status;
    this.#isClosed = true;
    return readings;
  }

  async [Symbol.asyncDispose]() {
    if (!this.#isClosed) this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async #line(): Promise<string> {
    let text = "";
    while (!text.endsWith("\n")) {
      const { done, value } = await this.#lines.read();
      if (done) throw new Error(`The reader ended: ${text}`);
      text += value;
    }
    return text.trim();
  }
}

/** What a process has used: seconds of CPU, and megabytes of memory. */
async function usage(pid: number): Promise<{ cpu: number; memory: number }> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, memory: kilobytes / 1024 };
}

async function makeTokens(stack: TemporaryStack, ids: string[]): Promise<string[]> {
  const secrets = await Deno.readTextFile(join(stack.logsDir, "..", "secrets.json"));
  const { signingKey } = JSON.parse(secrets) as { signingKey: JWK & { kid: string } };
  const key = await importJWK(signingKey, "ES256");
  const now = Math.floor(Date.now() / 1000);
  return await Promise.all(ids.map((sub) =>
    new SignJWT({
      ...{ sub, role: "authenticated", iat: now, exp: now + 7200 },
      ...{ iss: `${stack.url}/auth/v1`, aud: "authenticated" },
    }).setProtectedHeader({ alg: "ES256", typ: "JWT", kid: signingKey.kid }).sign(key)
  ));
}

/** Writes, evenly, whatever they take: as an app does. Answers how many were made. */
async function write(sql: postgres.Sql, ids: string[], seconds: number): Promise<number> {
  const all: Promise<unknown>[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < WRITES_PER_SECOND * seconds; n++) {
    const id = ids[Math.floor(Math.random() * ids.length)]!;
    all.push(sql`select grant_credits(${id}, 1, 'bench')`.execute());
    const dueAt = startedAt + (n + 1) * 1000 / WRITES_PER_SECOND;
    const early = dueAt - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
  }
  await Promise.all(all);
  return all.length;
}

/** How often the worker has asked for news, as Postgres counts it. */
async function questions(sql: postgres.Sql): Promise<number> {
  const [row] = await sql`
    select coalesce(sum(calls), 0)::float8 as calls from pg_stat_user_functions where funcname = 'poll_events'`;
  return row!["calls"];
}

async function pause(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

const quantile = (sorted: number[], q: number) => sorted[Math.floor(sorted.length * q)] ?? NaN;

async function measureDelivery(stack: TemporaryStack, sql: postgres.Sql, ids: string[]) {
  const rows = [[
    "streams",
    "p50",
    "p95",
    "p99",
    `goal p95`,
    "questions/s",
    "memory",
    "a stream",
    `CPU of ${WALL_CLOCK_SECONDS} s, idle`,
    `at ${WRITES_PER_SECOND} writes/s`,
  ]];
  const tokens = await makeTokens(stack, ids);
  for (const streams of STREAMS) {
    const [pid] = stack.functionsPids();
    const before = await usage(pid!);
    await using readers = await Readers.open(stack, tokens.slice(0, streams));
    await pause(3); // what opening them left is collected
    const idleFrom = await usage(pid!);
    await pause(SECONDS / 2);
    const idle = await usage(pid!);
    const asked = await questions(sql);
    const startedAt = performance.now();
    const written = await write(sql, ids.slice(0, streams), SECONDS);
    const seconds = (performance.now() - startedAt) / 1000;
    const busy = await usage(pid!);
    await pause(2); // the statistics of functions are told with a delay
    const perSecond = (await questions(sql) - asked) / (seconds + 2);
    const { delays } = await readers.close();
    if (delays.length !== written) throw new Error(`${delays.length} of ${written} events came`);
    const p95 = quantile(delays, 0.95);
    const cpu = (from: number, to: number, of: number) =>
      `${((to - from) / of * WALL_CLOCK_SECONDS).toFixed(1)} s`;
    rows.push([
      String(streams),
      ...[0.5, 0.95, 0.99].map((q) => `${Math.round(quantile(delays, q))} ms`),
      `${GOAL_P95_MS} ms ${p95 < GOAL_P95_MS ? "✓" : "✗"}`,
      perSecond.toFixed(1),
      `${Math.round(busy.memory)} MB`,
      `${Math.round((busy.memory - before.memory) * 1024 / streams)} KiB`,
      cpu(idleFrom.cpu, idle.cpu, SECONDS / 2),
      cpu(idle.cpu, busy.cpu, seconds),
    ]);
    print(`  ${streams} streams: p95 ${Math.round(p95)} ms`);
  }
  print("\n" + table(rows, rows[0]!.map((_, index) => index)));
}

/** Has these processes, with all their threads, run on one core. */
async function pin(pids: number[], core: number): Promise<void> {
  for (const pid of pids) {
    const { success, stderr } = await new Deno.Command("taskset", {
      args: ["-a", "-c", "-p", String(core), String(pid)],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }
}

/**
 * Postgres and pgbench on a core of their own, and all that streams take besides on the other: as if those were other machines,
 * which they are on the platform. What is left is what streams cost the database.
 */
async function separate(stack: TemporaryStack, sql: postgres.Sql): Promise<void> {
  const backends = await sql`select pid from pg_stat_activity`;
  const file = await Deno.readTextFile(join(stack.postgres.folder, "data", "postmaster.pid"));
  await pin([Number(file.split("\n")[0]), ...backends.map(({ pid }) => pid)], 0);
  // The gateway is this process; PostgREST and the worker are its children.
  const children = new TextDecoder().decode(
    (await new Deno.Command("pgrep", { args: ["-P", String(Deno.pid)] }).output()).stdout,
  );
  await pin([Deno.pid, ...children.trim().split("\n").map(Number)], 1);
}

/** Submissions per second of users, beside no stream and beside the streams of `listeners`, in turn. */
async function measureWriters(
  stack: TemporaryStack,
  listeners: string[],
  settings: Settings,
): Promise<void> {
  const tokens = await makeTokens(stack, listeners);
  const load = {
    name: "submit_generation",
    script: `\\set n random(1, ${WRITERS})\n` +
      `select public.submit_generation(('00000000-0000-4000-8000-' || lpad(:n::text, 12, '0'))::uuid, 'draft', ` +
      `'{"prompt": "a lighthouse at dusk"}');\n`,
    databaseUrl: stack.databaseUrl,
  };
  await rate(load, settings); // warms up
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const rates = new Map<number, number>();
    // The first of a round is now this one and now that.
    for (const streams of round % 2 ? [0, tokens.length] : [tokens.length, 0]) {
      await using readers = streams > 0 ? await Readers.open(stack, tokens) : null;
      await pause(2);
      rates.set(streams, await rate(load, settings));
      if (readers) await readers.close();
    }
    const [alone = NaN, beside = NaN] = [rates.get(0), rates.get(tokens.length)];
    ratios.push(beside / alone);
    print(`  round ${round}: ${Math.round(alone)} alone, ${Math.round(beside)} beside the streams`);
  }
  const ratio = median(ratios);
  print(
    `  ${ratio.toFixed(2)} of the rate without streams (each round's: ` +
      `${ratios.map((one) => one.toFixed(2)).join(", ")}); at least ${GOAL_RATIO}: ` +
      `${ratio >= GOAL_RATIO ? "✓" : "✗"}`,
  );
}

const missing = await installDebianPackages(print);
if (missing !== null) {
  print(`pgbench is one of Debian's packages, and ${missing}.`);
  Deno.exit(1);
}
print("Starting a stack with one worker:");
await using stack = await startTemporaryStack({ log: (line) => print(`  ${line}`), sweep: false });
const admin = postgres(stack.postgres.url("supabase_admin"), { max: 1, onnotice: () => {} });
await admin.unsafe("alter database postgres set track_functions = 'pl'");
await admin.unsafe(
  "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'",
);
await admin.end();
const sql = postgres(stack.databaseUrl, { max: 8, onnotice: () => {} });
const count = 2 * WRITERS;
await sql`
  insert into profiles (id, credits)
  select ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 1000000 from generate_series(1, ${count}::integer) i`;
const ids = (await sql`select id from profiles order by id`).map(({ id }) => id as string);
if (!Deno.args.includes("--writers")) {
  print(`\n${WRITES_PER_SECOND} writes a second, ${SECONDS} seconds:`);
  await measureDelivery(stack, sql, ids);
}
if (!Deno.args.includes("--delivery")) {
  const [writers, others] = [ids.slice(0, WRITERS), ids.slice(WRITERS)];
  const settings = { clients: 8, seconds: 4 };
  print("\nSubmissions by 8 clients, as many as it takes, beside 1,000 streams of other users:");
  await measureWriters(stack, others, settings);
  await separate(stack, sql);
  print("\nThe same, with a core of its own for Postgres:");
  await measureWriters(stack, others, { ...settings, core: 0 });
  print(
    "\nThe same, beside the streams of these users, so that each submission is an event for one:",
  );
  await measureWriters(stack, writers, { ...settings, core: 0 });
}
await sql.end();
