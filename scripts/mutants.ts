/**
 * `deno task test:mutants`: shows that the tests of races can fail. Takes out, one after the other, the locks, guards and
 * constraints that those tests are about, and expects the test to fail. Ends with 1 when one did not.
 *
 * With `--table` it prints the table for docs/testing.md, and does nothing else.
 */

import { deepStrictEqual } from "node:assert/strict";
import postgres from "postgres";
import { definitions, removeAccounts, type Statements, statements } from "./mutants/change.ts";
import { isCurrent, markdown } from "./mutants/page.ts";
import { type Mutant, mutants, RACES } from "./mutants/table.ts";
import { runTests } from "./mutants/test_run.ts";
import { table } from "./table.ts";
import { startTemporaryStack } from "./temporary_stack.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

type Verdict = "killed" | "survived" | "failed for another reason";

/** What the mutants live in. */
interface Laboratory {
  /** Names the stack to the tests. */
  envFile: string;
  sql: postgres.Sql;
  superuser: postgres.Sql;
}

if (Deno.args.includes("--table")) {
  print(markdown(mutants));
} else {
  Deno.chdir(new URL("..", import.meta.url));
  Deno.exit(await main() ? 0 : 1);
}

/** Answers whether all is as it should be. */
async function main(): Promise<boolean> {
  if (!(await isCurrent(mutants))) {
    print("The table in docs/testing.md is not that of `deno run -A scripts/mutants.ts --table`.");
    return false;
  }
  print("starting a stack");
  await using stack = await startTemporaryStack({ sweep: false });
  const connect = (url: string) => postgres(url, { max: 1, onnotice: () => {} });
  const { envFile, databaseUrl, postgres: server } = stack;
  const sql = connect(databaseUrl);
  const superuser = connect(server.url("supabase_admin"));
  try {
    return await experiment({ envFile, sql, superuser });
  } finally {
    await Promise.all([sql.end(), superuser.end()]);
  }
}

async function experiment(laboratory: Laboratory): Promise<boolean> {
  const all: [Mutant, Statements[]][] = [];
  for (const mutant of mutants) {
    const { changes } = mutant;
    const made = await Promise.all(changes.map((change) => statements(laboratory.sql, change)));
    all.push([mutant, made]);
  }
  if (!(await passesUnmutated(laboratory))) return false;

  const rows = [["", "taken out", "the test that must fail", "verdict"]];
  let killed = 0;
  for (const [mutant, made] of all) {
    const verdict = await judge(laboratory, mutant, made);
    const name = `${mutant.test[1]} …`;
    if (verdict === "killed") killed++;
    rows.push([verdict === "killed" ? "✓" : "✗", mutant.takenOut, name, verdict]);
    print(`${verdict}: without ${mutant.takenOut}: ${name}`);
  }
  print(`\n${table(rows)}\n${killed} of ${mutants.length} mutants killed`);
  return killed === mutants.length;
}

/** Whether every test that has a mutant passes without it, and every race test has one. */
async function passesUnmutated({ envFile }: Laboratory): Promise<boolean> {
  const races = await runTests(envFile, RACES);
  const others = new Map(mutants.map(({ test }) => [test.join(), test]));
  const runs = [races];
  for (const [file, name] of others.values()) {
    if (file !== RACES) runs.push(await runTests(envFile, file, name));
  }
  for (const { failed, passed, output } of runs) {
    if (failed === 0 && passed > 0) continue;
    print(`The tests do not even pass with everything in place:\n${output}`);
    return false;
  }
  const passed = runs.reduce((sum, run) => sum + run.passed, 0);
  print(`${passed} tests pass with everything in place`);

  const isProven = (name: string) =>
    mutants.some(({ test: [file, start] }) => file === RACES && name.startsWith(start));
  const unproven = races.names.filter((name) => !isProven(name));
  for (const name of unproven) print(`No mutant shows that this test can fail: ${name}`);
  return unproven.length === 0;
}

/** Tries one mutant, and leaves the database as it was. */
async function judge(
  { envFile, sql, superuser }: Laboratory,
  { test: [file, name], says }: Mutant,
  made: Statements[],
): Promise<Verdict> {
  const before = await definitions(sql);
  const undo: string[] = [];
  try {
    for (const statement of made) {
      await sql.unsafe(statement.make);
      undo.unshift(statement.undo);
    }
    const { passed, failed, output } = await runTests(envFile, file, name);
    if (passed + failed === 0) throw new Error(`${file} has no test "${name}":\n${output}`);
    if (failed === 0) return "survived";
    if (output.includes(says)) return "killed";
    print(output);
    return "failed for another reason";
  } finally {
    await removeAccounts(superuser);
    for (const statement of undo) await sql.unsafe(statement);
    deepStrictEqual(await definitions(sql), before, "the database is as it was");
  }
}
