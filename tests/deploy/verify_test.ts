/** verify is green on a good deployment, and red for each fault that is planted, naming it and what to do. */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import postgres from "postgres";
import { DEBIAN_POSTGRES } from "../../scripts/debian.ts";
import { type Check, databaseChecks, type Query } from "../../scripts/deploy/checks.ts";
import { readExpected } from "../../scripts/deploy/expected.ts";
import { smokeChecks } from "../../scripts/deploy/smoke.ts";
import { startTemporaryStack } from "../../scripts/temporary_stack.ts";
import { REF, startManagementApi } from "./management_api.ts";
import { script } from "./programs.ts";

/** What is done to a deployment, the check that must see it, and what that must say. */
interface Fault {
  what: string;
  plant: string;
  check: string;
  found: RegExp;
  repair: string;
}

/** Once a year: no run of pg_cron between a fault and its check. */
const NO_TICKS = "select cron.alter_job(jobid, schedule => '0 0 1 1 *') from cron.job";

/** A run of the sweeper, so many seconds ago, as pg_cron writes it down. */
const run = (status: string, message: string, secondsAgo: number) => `
  insert into cron.job_run_details (jobid, runid, status, return_message, username, database, start_time, end_time)
  select jobid, 1000000, '${status}', '${message}', 'postgres', 'postgres',
    now() - interval '${secondsAgo} seconds', now() - interval '${secondsAgo} seconds'
  from cron.job where jobname = 'refund-stuck-generations'`;

const FAULTS: Fault[] = [
  {
    what: "a function that anon may execute",
    plant: "grant execute on function public.grant_credits to anon",
    check: "clients execute none of them",
    found: /^public\.grant_credits by anon$/,
    repair: "revoke execute on function public.grant_credits from anon",
  },
  {
    what: "a function that everybody may execute",
    plant: "grant execute on function private.append_event to public",
    check: "clients execute none of them",
    found: /append_event by anon, private\.append_event by authenticated/,
    repair: "revoke execute on function private.append_event from public",
  },
  {
    what: "a function that the service role may not execute",
    plant: "revoke execute on function public.submit_generation from service_role",
    check: "the edge functions execute the public ones",
    found: /not public\.submit_generation/,
    repair: "grant execute on function public.submit_generation to service_role",
  },
  {
    what: "a table without row level security",
    plant: "alter table public.account_events disable row level security",
    check: "tables with row level security",
    found: /off on public\.account_events/,
    repair: "alter table public.account_events enable row level security",
  },
  {
    what: "a table that the service role may write",
    plant: "grant insert on public.generation_jobs to service_role",
    check: "tables change through functions alone",
    found: /^public\.generation_jobs \(insert\) by service_role$/,
    repair: "revoke insert on public.generation_jobs from service_role",
  },
  {
    what: "a balance that users may write",
    plant: "grant update (credits) on public.profiles to authenticated",
    check: "tables change through functions alone",
    found: /^public\.profiles\.credits \(update\) by authenticated$/,
    repair: "revoke update (credits) on public.profiles from authenticated",
  },
  {
    what: "a sweeper that is not scheduled",
    plant: "select cron.unschedule('refund-stuck-generations')",
    check: "sweeper (pg_cron)",
    found: /not scheduled/,
    repair: `select private.schedule_jobs(); ${NO_TICKS}`,
  },
  {
    what: "a sweeper that is switched off",
    plant:
      "select cron.alter_job(jobid, active => false) from cron.job where jobname = 'refund-stuck-generations'",
    check: "sweeper (pg_cron)",
    found: /not active/,
    repair:
      "select cron.alter_job(jobid, active => true) from cron.job where jobname = 'refund-stuck-generations'",
  },
  {
    what: "a sweeper that fails",
    plant: run("failed", "ERROR: out of luck", 1),
    check: "sweeper (pg_cron)",
    found: /out of luck/,
    repair: "delete from cron.job_run_details where runid = 1000000",
  },
  {
    what: "a sweeper that no longer runs",
    plant: `delete from cron.job_run_details; ${run("succeeded", "DO", 3600)}`,
    check: "sweeper (pg_cron)",
    found: /last succeeded 360\d seconds ago/,
    repair: "delete from cron.job_run_details where runid = 1000000",
  },
  {
    what: "a migration that was not applied",
    plant: "delete from supabase_migrations.schema_migrations where version = '20261120100600'",
    check: "migrations",
    found: /not applied: 20261120100600/,
    repair:
      "insert into supabase_migrations.schema_migrations (version, name) values ('20261120100600', 'schedule')",
  },
  {
    what: "a migration of a later commit",
    plant:
      "insert into supabase_migrations.schema_migrations (version, name) values ('20991231000000', 'later')",
    check: "migrations",
    found: /not in this checkout: 20991231000000/,
    repair: "delete from supabase_migrations.schema_migrations where version = '20991231000000'",
  },
  {
    what: "a default type without a price",
    plant: "update private.settings set default_type = 'hologram'",
    check: "settings",
    found: /default_type=hologram.*has no price/,
    repair: "update private.settings set default_type = 'image'",
  },
  {
    what: "a generation that nobody swept",
    plant:
      `insert into generation_jobs (user_id, version, type, status, cost, refund_on_failure, deadline_at)
      values (gen_random_uuid(), 0, 'image', 'processing', 0, true, now() - interval '1 hour')`,
    check: "GET /operations/health",
    found: /^1 generations more than 3 minutes overdue/,
    repair: "delete from generation_jobs where cost = 0",
  },
  {
    what: "a second function of the same name",
    plant: "create function public.refund_credit_atomic() returns void language sql as ''",
    check: "deduct_credit_atomic and refund_credit_atomic",
    found: /3 rows instead of 2/,
    repair: "drop function public.refund_credit_atomic()",
  },
  // The last one: what is dropped stays dropped.
  {
    what: "a function that was dropped",
    plant: "drop function public.deduct_credit_atomic",
    check: "deduct_credit_atomic and refund_credit_atomic",
    found: /1 rows instead of 2/,
    repair: "",
  },
];

Deno.test("verify", async (t) => {
  await using stack = await startTemporaryStack({ postgres: DEBIAN_POSTGRES, sweep: false });
  await using api = await startManagementApi(stack.databaseUrl);
  const options = { max: 1, onnotice: () => {} };
  // What pg_cron writes down only a superuser can make up.
  const admin = postgres(stack.postgres.url("supabase_admin"), options);
  await using _ = { [Symbol.asyncDispose]: () => admin.end() };
  const sql = postgres(stack.databaseUrl, options);
  await using __ = { [Symbol.asyncDispose]: () => sql.end() };
  await sql.unsafe(NO_TICKS);
  const expected = await readExpected();
  const { url, secretKey } = stack;
  // As the CLI asks, without a process each.
  const query: Query = async <Row>(text: string) => await sql.unsafe(text) as unknown as Row[];
  const failures = (checks: Check[]) => checks.filter(({ ok }) => !ok);

  await t.step("is green on a good deployment, and says so with exit code 0", async () => {
    const ended = await script("verify", [`--remote=${stack.databaseUrl}`, `--url=${url}`], api, {
      SUPABASE_SECRET_KEY: secretKey,
    });
    strictEqual(ended.code, 0, ended.said);
    match(ended.stdout, /All \d+ checks passed/);
    match(ended.stdout, /signup_credits=10/);
    ok(!ended.said.includes(secretKey), "the secret key is not shown");
  });

  await t.step("asks a project by its ref through the management API", async () => {
    const ended = await script("verify", [`--remote=${REF}`], api);
    strictEqual(ended.code, 0, ended.said);
    match(ended.stdout, /All 10 checks passed/);
  });

  await t.step("says with exit code 1 what it could not ask", async () => {
    const ended = await script(
      "verify",
      ["--remote=postgresql://postgres@127.0.0.1:1/postgres"],
      api,
    );
    strictEqual(ended.code, 1);
    match(ended.said, /connect/i);
  });

  await t.step(
    "turns red for a key that is not the project's, and for functions that are not there",
    async () => {
      const wrong = await smokeChecks({ url, secretKey: stack.publishableKey }, ["account"]);
      deepStrictEqual(failures(wrong).map(({ name, found }) => [name, found]), [
        ["GET /operations/health", "401 INVALID_API_KEY"],
      ]);
      const missing = await smokeChecks({ url, secretKey }, ["account", "not-there"]);
      deepStrictEqual(failures(missing).map(({ name, found }) => [name, found]), [
        ["OPTIONS /not-there", "404: not deployed"],
      ]);
    },
  );

  for (const { what, plant, check, found, repair } of FAULTS) {
    await t.step(`turns red for ${what}`, async () => {
      const writer = plant.includes("cron.job_run_details") ? admin : sql;
      await writer.unsafe(plant);
      const checks = [
        ...await databaseChecks(query, expected, { sweptElsewhere: false }),
        ...await smokeChecks({ url, secretKey }, []),
      ];
      await writer.unsafe(repair);
      const failed = failures(checks).find(({ name }) => name === check);
      ok(failed, `${check} did not fail`);
      match(failed.found, found);
      ok(failed.remedy.length > 0);
    });
  }

  await t.step("says with exit code 1 what failed and what to do", async () => {
    const ended = await script("verify", [`--remote=${stack.databaseUrl}`], api);
    strictEqual(ended.code, 1, ended.said);
    match(
      ended.stdout,
      /✗ functions of the database: missing: public\.deduct_credit_atomic\n {2}Push the migrations/,
    );
    match(ended.stdout, /[2-9] of 10 checks failed/);
  });
});
