/**
 * `deno task test`: everything that is tested, each part on real servers, with what it needs installed first. Ends with
 * 1 when anything failed, and also when anything was skipped while CI=true.
 */

import postgres from "postgres";
import { DEBIAN_POSTGRES, installDebianPackages } from "./debian.ts";
import { type Stack } from "./stack/stack.ts";
import { startTemporaryStack } from "./temporary_stack.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

interface Outcome {
  what: string;
  passed: number;
  failed: number;
  /** Why nothing of it was run. */
  skipped?: string;
}

const outcomes: Outcome[] = [];

/** Runs a command, shows what it says as it comes, and counts its tests by `count`; without it, the command is one. */
async function step(
  what: string,
  [program = "", ...args]: string[],
  options: { env?: Record<string, string>; count?: (said: string) => [number, number] } = {},
): Promise<void> {
  print(`\n── ${what}`);
  const child = new Deno.Command(program, {
    args,
    stdout: "piped",
    stderr: "inherit",
    env: { NO_COLOR: "1", ...options.env },
  }).spawn();
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    said += decoder.decode(chunk, { stream: true });
  }
  const { success } = await child.status;
  let [passed, failed] = options.count?.(said) ?? [success ? 1 : 0, success ? 0 : 1];
  // A run that ended badly without a failing test (or without any) is a failure all the same.
  if (!success && failed === 0) failed = 1;
  if (success && passed === 0) failed = 1;
  outcomes.push({ what, passed, failed });
}

const deno = Deno.execPath();

function denoTests(said: string): [number, number] {
  const [, passed, failed] = /\| (\d+) passed.*\| (\d+) failed/.exec(said) ?? [];
  return [Number(passed ?? 0), Number(failed ?? 0)];
}

function pgProve(said: string): [number, number] {
  const tests = Number(/^Files=\d+, Tests=(\d+)/m.exec(said)?.[1] ?? 0);
  const failed = [...said.matchAll(/Failed: (\d+)\)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
  // A file that died is a failure of its own, whatever it had passed.
  const died = [...said.matchAll(/^ *Non-zero exit status:/gm)].length;
  return [tests - failed, failed + died];
}

function mutants(said: string): [number, number] {
  const [, killed, all] = /^(\d+) of (\d+) mutants killed$/m.exec(said) ?? [];
  return [Number(killed ?? 0), Number(all ?? 0) - Number(killed ?? 0)];
}

async function stackTests(stack: Stack, on: string, folders: string[]): Promise<void> {
  for (const folder of folders) {
    await step(`${folder} on ${on}`, [deno, "test", "-A", folder], {
      env: { STACK_ENV: stack.envFile },
      count: denoTests,
    });
  }
}

async function asSuperuser(stack: Stack, statement: string): Promise<void> {
  const sql = postgres(stack.postgres.url("supabase_admin"), { max: 1, onnotice: () => {} });
  await sql.unsafe(statement);
  await sql.end();
}

async function pgTap(stack: Stack): Promise<void> {
  await asSuperuser(stack, "create extension if not exists pgtap with schema extensions");
  const command = ["pg_prove", "--ext", ".sql", "-r", "-d", stack.databaseUrl, "supabase/tests"];
  await step("supabase/tests (pgTAP) on Debian's Postgres 15", command, { count: pgProve });
}

function skip(what: string, why: string): void {
  print(`\n── ${what}\nskipped: ${why}`);
  outcomes.push({ what, passed: 0, failed: 0, skipped: why });
}

Deno.chdir(new URL("..", import.meta.url));
const log = (line: string) => print(`  ${line}`);

await step("deno task ok", [deno, "task", "ok"], { count: denoTests });
// The packages first: Chromium, for one, is of use with any Postgres.
const missing = await installDebianPackages(log);
{
  print("\n── starting a stack on the embedded Postgres 17");
  await using stack = await startTemporaryStack({ log, sweep: false });
  const folders = ["tests/e2e", "tests/events", "tests/realtime", "tests/races", "tests/kills"];
  await stackTests(stack, "Postgres 17", folders);
}
{
  // A stack of its own: these tests begin new epochs, and let credits be written directly. They start workers of their own.
  print("\n── starting a stack for the tests of freshness");
  await using stack = await startTemporaryStack({ log, sweep: false });
  await stackTests(stack, "Postgres 17", ["tests/freshness"]);
}
{
  // A stack of its own: these tests see to it that nothing is written, by anybody.
  print("\n── starting a stack for the adversarial tests");
  await using stack = await startTemporaryStack({ log, sweep: false });
  await stackTests(stack, "Postgres 17", ["tests/adversarial"]);
  if (missing === null) await stackTests(stack, "Postgres 17", ["tests/browser"]);
}
{
  print("\n── starting a stack on the embedded Postgres 18");
  await using stack = await startTemporaryStack({ log, postgres: "18", sweep: false, workers: 2 });
  await stackTests(stack, "Postgres 18 with two workers", ["tests/e2e"]);
}
if (missing === null) {
  print("\n── starting a stack on Debian's Postgres 15");
  await using stack = await startTemporaryStack({ log, postgres: DEBIAN_POSTGRES, sweep: false });
  await stackTests(stack, "Postgres 15", ["tests/cron"]);
  // The races move deadlines into the past: a tick in between would win them.
  await asSuperuser(stack, "update cron.job set active = false");
  await stackTests(stack, "Postgres 15", ["tests/races", "tests/isolation"]);
  await pgTap(stack);
  const parallel = [
    deno,
    "test",
    "-A",
    "--parallel",
    "tests/deploy",
    "tests/lint",
    "tests/adoption",
  ];
  await step("tests/deploy, tests/lint, tests/adoption on Postgres 15", parallel, {
    count: denoTests,
  });
  await step("the race tests can fail: each without its lock or guard", [
    deno,
    "task",
    "test:mutants",
  ], {
    count: mutants,
  });
} else {
  skip("what takes Debian's Postgres 15 or Chromium: pgTAP, pg_cron, deploy, adoption, …", missing);
}

print("");
for (const { what, passed, failed, skipped } of outcomes) {
  const sign = skipped !== undefined ? "–" : failed === 0 ? "✓" : "✗";
  print(`${sign} ${what}: ${skipped ?? `${passed} passed, ${failed} failed`}`);
}
const total = (key: "passed" | "failed") =>
  outcomes.reduce((sum, outcome) => sum + outcome[key], 0);
const skipped = outcomes.filter((outcome) => outcome.skipped !== undefined).length;
const mustNotSkip = Deno.env.get("CI") === "true" && skipped > 0;
if (mustNotSkip) print("With CI=true, what is skipped is a failure.");
print(`${total("passed")} passed, ${total("failed")} failed, ${skipped} skipped`);
Deno.exit(total("failed") > 0 || mustNotSkip ? 1 : 0);
