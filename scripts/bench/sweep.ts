/**
 * `deno task bench:sweep`: how long the sweeper takes for 100,000 stuck generations of 10,000 users, run as pg_cron runs it,
 * and what users notice who go on working. It sweeps for a few seconds, pauses for as many, and so on until nothing is left,
 * while pgbench reserves and releases at a steady rate; the calls of the one time are held against those of the other. Two
 * kinds of users work: some of whom nothing is stuck, and the very ones whose generations are being refunded.
 *
 * On a server that has run for a while, which recycles the files of its log; with `--new-log` on one that has not. Without
 * the messages to Supabase Realtime; with `--realtime` with them, as the local stack's stand-in keeps them.
 */

import postgres from "postgres";
import { installDebianPackages } from "../debian.ts";
import { table } from "../table.ts";
import { startTemporaryStack } from "../temporary_stack.ts";
import { type Call, quantile, startWork } from "./steady_work.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

const STUCK = 100_000;
const USERS = 10_000;
/** Of whom nothing is stuck. */
const OTHERS = 10_000;
const SLICE_SECONDS = 3;
const CALLS_PER_SECOND = 100;
const MOST_SECONDS = 600;

const USER = (n: string) => `('00000000-0000-4000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;

/** Accounts with ten generations each that a worker took half an hour ago, and their ledger. */
const SETUP = `
  update private.settings set realtime = ${Deno.args.includes("--realtime")};

  insert into public.profiles (id, credits)
  select ${USER("i")}, 1000000 from generate_series(1, ${USERS + OTHERS}) i;

  with jobs as (
    insert into public.generation_jobs (
      user_id, version, type, status, cost, refund_on_failure, input, created_at, deadline_at, lease_token, lease_expires_at
    )
    select
      ${
  USER(`i % ${USERS} + 1`)
}, i / ${USERS} + 2, 'draft', 'processing', 1, true, '{"prompt": "a lighthouse"}',
      now() - interval '1 hour', now() - interval '30 minutes' + interval '1 millisecond' * (hashint4(i) % 60000),
      gen_random_uuid(), now() - interval '40 minutes'
    from generate_series(0, ${STUCK - 1}) i
    returning id, user_id, version
  )
  insert into public.account_events (user_id, version, type, delta, balance, reason, actor, generation_id, created_at)
  select user_id, version, 'generation.submitted', -1, 1000000 - version + 1, 'draft', 'user', id, now() - interval '1 hour'
  from jobs;

  alter table public.profiles disable trigger user;
  update public.profiles p
  set version = e.version, credits = e.balance
  from (select distinct on (user_id) * from public.account_events order by user_id, version desc) e
  where e.user_id = p.id;
  alter table public.profiles enable trigger user;`;

/** A user reserves, and gives it back. */
const WORK = (first: number, count: number) => `
\\set n random(${first}, ${first + count - 1})
select public.reserve_generation(${USER(":n")}, 'draft');
select public.release_generation(${USER(":n")});
`;

/**
 * Leaves the server with more files for its log than the bench needs. A new server makes each file of 16 MiB, zeroes and
 * syncs it, when somebody's commit needs it, and all others wait, for every 16 MiB that anybody writes.
 */
async function recycleLog(admin: postgres.Sql): Promise<void> {
  const files = 40;
  await admin`alter system set min_wal_size = ${admin.unsafe(`'${files * 16}MB'`)}`;
  await admin`select pg_reload_conf()`;
  for (let file = 0; file < files; file++) {
    await admin`select pg_logical_emit_message(false, 'bench', 'so that there is something to switch from')`;
    await admin`select pg_switch_wal()`;
  }
  await admin`checkpoint`;
}

/** What pg_cron runs every minute, with another end to a run. */
async function sweepCommand(sql: postgres.Sql): Promise<string> {
  const [row] =
    await sql`select prosrc from pg_proc where oid = 'private.schedule_jobs()'::regprocedure`;
  const [, command] =
    /\$command\$\s*(do \$\$.*?refund_stuck_generations.*?\$\$)\s*\$command\$/s.exec(
      row?.["prosrc"] ?? "",
    ) ?? [];
  const ending = "interval '50 seconds'";
  if (!command?.includes(ending)) throw new Error("schedule_jobs() does not sweep as it did");
  return command.replace(ending, `interval '${SLICE_SECONDS} seconds'`);
}

const missing = await installDebianPackages(print);
if (missing !== null) {
  print(`pgbench is one of Debian's packages, and ${missing}.`);
  Deno.exit(1);
}
print("Starting a stack:");
await using stack = await startTemporaryStack({ log: (line) => print(`  ${line}`), sweep: false });
const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
print(`${STUCK.toLocaleString("en")} generations of ${USERS.toLocaleString("en")} users get stuck`);
await sql.unsafe(SETUP);
await sql`vacuum analyze`;
if (!Deno.args.includes("--new-log")) {
  const admin = postgres(stack.postgres.url("supabase_admin"), { max: 1 });
  await recycleLog(admin);
  await admin.end();
}
const command = await sweepCommand(sql);

const load = (first: number, count: number) =>
  startWork({
    script: WORK(first, count),
    databaseUrl: stack.databaseUrl,
    callsPerSecond: CALLS_PER_SECOND,
    seconds: MOST_SECONDS,
  });
const [affected, others] = await Promise.all([load(1, USERS), load(USERS + 1, OTHERS)]);
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
await pause(SLICE_SECONDS); // warms up

/** When it swept, and when it did not, in ms since 1970. */
const slices: { sweeping: boolean; from: number; to: number; expired: number }[] = [];
async function slice(sweeping: boolean, work: () => Promise<unknown>): Promise<number> {
  const [before] =
    await sql`select coalesce(sum(expired), 0)::integer as n from private.sweep_runs`;
  const from = Date.now();
  await work();
  const to = Date.now();
  const [after] = await sql`
    select coalesce(sum(expired), 0)::integer as n,
      (select count(*)::integer from generation_jobs where finished_at is null and deadline_at < now()) as rest
    from private.sweep_runs`;
  slices.push({ sweeping, from, to, expired: after?.["n"] - before?.["n"] });
  return after?.["rest"];
}
let rest = STUCK;
while (rest > 0) {
  await slice(false, () => pause(SLICE_SECONDS));
  rest = await slice(true, () => sql.unsafe(command));
  const { from, to, expired } = slices.at(-1)!;
  print(`  ${expired} in ${((to - from) / 1000).toFixed(1)} s, ${rest} left`);
}
const [audit] = await sql`
  select count(*)::integer as all, count(*) filter (where status = 'expired' and refunded = 1)::integer as refunded
  from generation_jobs where created_at < now() - interval '50 minutes'`;
await sql.end();
const calls = { affected: await affected.stop(), others: await others.stop() };
if (audit?.["all"] !== STUCK || audit["refunded"] !== STUCK) throw new Error(JSON.stringify(audit));

const swept = slices.filter(({ sweeping }) => sweeping);
const seconds = swept.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0);
print(
  `\n${STUCK.toLocaleString("en")} generations refunded in ${seconds.toFixed(1)} s of sweeping, ${
    Math.round(STUCK / seconds)
  } a second ${seconds < 60 ? "✓" : "✗"} (60 s at most)`,
);

const within = (all: Call[], sweeping: boolean) =>
  all.filter(({ endedAt }) =>
    slices.some((slice) =>
      slice.sweeping === sweeping && slice.from <= endedAt && endedAt <= slice.to
    )
  ).map(({ ms }) => ms).toSorted((a, b) => a - b);
const rows = [[
  "users",
  "calls",
  "p50 without",
  "p50 with",
  "p99 without",
  "p99 with",
  "ratio of p99",
]];
for (const [name, all] of Object.entries(calls)) {
  const [without, beside] = [within(all, false), within(all, true)];
  const ratio = quantile(beside, 0.99) / quantile(without, 0.99);
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  rows.push([
    name === "others" ? "others" : "those whose generations are refunded",
    `${without.length} + ${beside.length}`,
    ms(quantile(without, 0.5)),
    ms(quantile(beside, 0.5)),
    ms(quantile(without, 0.99)),
    ms(quantile(beside, 0.99)),
    `${ratio.toFixed(2)} ${ratio <= 1.5 ? "✓" : "✗"}`,
  ]);
}
print("\n" + table(rows, [1, 2, 3, 4, 5, 6]));
