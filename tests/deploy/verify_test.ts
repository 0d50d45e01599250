/** verify is green on a good deployment, and red for each fault that is planted, naming it and what to do. */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import postgres from "postgres";
import { DEBIAN_POSTGRES } from "../../scripts/debian.ts";
import { type Check, databaseChecks, type Query } from "../../scripts/deploy/checks.ts";
import { EDGE_FUNCTIONS, readExpected } from "../../scripts/deploy/expected.ts";
import { smokeChecks } from "../../scripts/deploy/smoke.ts";
import { startTemporaryStack } from "../../scripts/temporary_stack.ts";
import { REF, startManagementApi } from "./management_api.ts";
import { script, supabase } from "./programs.ts";

/** What is done to a deployment, the check that must see it, and what that must say. */
interface Fault {
  what: string;
  /** Whether only a superuser can do it, or undo it. */
  bySuperuser?: boolean;
  plant: string;
  check: string;
  found: RegExp;
  repair: string;
}

/** Once a year: no run of pg_cron between a fault and its check. */
const YEARLY = "0 0 1 1 *";
const NO_TICKS = `select cron.alter_job(jobid, schedule => '${YEARLY}') from cron.job`;

/** A run of the sweeper, so many seconds ago, as pg_cron writes it down. */
const run = (status: string, message: string, secondsAgo: number) => `
  insert into cron.job_run_details (jobid, runid, status, return_message, username, database, start_time, end_time)
  select jobid, 1000000, '${status}', '${message}', 'postgres', 'postgres',
    now() - interval '${secondsAgo} seconds', now() - interval '${secondsAgo} seconds'
  from cron.job where jobname = 'refund-stuck-generations'`;

/** As the migrations have it; what a test replaces, it puts back. */
const REFUSE_CHANGE = await textOf("20261120100300_ledger.sql", "private.refuse_change");

/** The statement that creates a function, able to replace it. */
async function textOf(migration: string, name: string): Promise<string> {
  const path = new URL(`../../supabase/migrations/${migration}`, import.meta.url);
  const text = await Deno.readTextFile(path);
  const start = text.indexOf(`create function ${name}(`);
  const end = text.indexOf("\n$$;", start) + "\n$$;".length;
  return text.slice(start, end).replace("create function", "create or replace function");
}

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
    what: "a balance that may be negative",
    plant: "alter table profiles drop constraint credits_not_negative",
    check: "columns, constraints and indexes",
    found: /^missing: public\.profiles\.credits_not_negative$/,
    repair: "alter table profiles add constraint credits_not_negative check (credits >= 0)",
  },
  {
    what: "a constraint that says something else",
    plant: `alter table profiles drop constraint credits_not_negative;
      alter table profiles add constraint credits_not_negative check (credits >= -100)`,
    check: "columns, constraints and indexes",
    found: /^changed \(definition\): public\.profiles\.credits_not_negative$/,
    repair: `alter table profiles drop constraint credits_not_negative;
      alter table profiles add constraint credits_not_negative check (credits >= 0)`,
  },
  {
    what: "a constraint that what is there need not meet",
    plant: `alter table profiles drop constraint credits_not_negative;
      alter table profiles add constraint credits_not_negative check (credits >= 0) not valid`,
    check: "columns, constraints and indexes",
    found: /validated.*: public\.profiles\.credits_not_negative$/,
    repair: "alter table profiles validate constraint credits_not_negative",
  },
  {
    what: "a balance that may be null",
    plant: "alter table profiles alter column credits drop not null",
    check: "columns, constraints and indexes",
    found: /^changed \(not_null\): public\.profiles\.credits$/,
    repair: "alter table profiles alter column credits set not null",
  },
  {
    what: "a refund that may come twice",
    plant: "drop index account_events_refund_once",
    check: "columns, constraints and indexes",
    found: /^missing: public\.account_events\.account_events_refund_once$/,
    repair:
      "create unique index account_events_refund_once on account_events (generation_id) where delta > 0",
  },
  {
    what: "a trigger that was dropped",
    plant: "drop trigger zz_guard_direct_write on profiles",
    check: "triggers",
    found: /^missing: public\.profiles\.zz_guard_direct_write$/,
    repair: `create trigger zz_guard_direct_write before update on profiles for each row
      when (new.version <> old.version + 1) execute function private.guard_direct_write()`,
  },
  {
    what: "triggers that are switched off",
    plant: "alter table account_events disable trigger user",
    check: "triggers",
    found: /^changed \(enabled\): public\.account_events\.append_only_rows, /,
    repair: "alter table account_events enable trigger user",
  },
  {
    what: "a trigger of ours on another's table that was dropped",
    bySuperuser: true,
    plant: "alter table auth.users disable trigger zz_close_account",
    check: "triggers",
    found: /^changed \(enabled\): auth\.users\.zz_close_account$/,
    repair: "alter table auth.users enable trigger zz_close_account",
  },
  {
    what: "a function that was replaced",
    plant: `create or replace function private.refuse_change() returns trigger language plpgsql
      set search_path = '' as 'begin return new; end'`,
    check: "functions of the database",
    found: /^changed \(body\): private\.refuse_change\(\)$/,
    repair: REFUSE_CHANGE,
  },
  {
    what: "a function with another's search path",
    plant: "alter function public.submit_generation reset search_path",
    check: "functions of the database",
    found: /^changed \(settings\): public\.submit_generation\(/,
    repair: "alter function public.submit_generation set search_path = ''",
  },
  {
    what: "a function that no longer runs as its owner",
    plant: "alter function public.get_account security invoker",
    check: "functions of the database",
    found: /^changed \(security_definer\): public\.get_account\(/,
    repair: "alter function public.get_account security definer",
  },
  {
    what: "an overload of a function",
    plant: "create function public.submit_generation(uuid) returns void language sql as ''",
    check: "functions of the database",
    found: /another: public\.submit_generation\(uuid\)/,
    repair: "drop function public.submit_generation(uuid)",
  },
  {
    what: "a policy of ours that shows more",
    plant:
      'alter policy "edge-credits: users read their own events" on account_events using (true)',
    check: "policies",
    found: /^changed \(using\): public\.account_events\.edge-credits: users read their own events$/,
    repair:
      'alter policy "edge-credits: users read their own events" on account_events using ((select auth.uid()) = user_id)',
  },
  {
    what: "a policy that shows a profile to others",
    plant: "create policy leak on profiles for select to authenticated using (true)",
    check: "users read their own rows only",
    found: /^policy leak on public\.profiles, to authenticated$/,
    repair: "drop policy leak on profiles",
  },
  {
    what: "a policy that has the name of one of ours elsewhere",
    plant:
      'create policy "edge-credits: users read their own profile" on generation_jobs using (true)',
    check: "users read their own rows only",
    found: /own profile on public\.generation_jobs, to authenticated$/,
    repair: 'drop policy "edge-credits: users read their own profile" on generation_jobs',
  },
  {
    what: "a view that shows profiles to everybody",
    plant: "create view everybody as select * from profiles; grant select on everybody to anon",
    check: "users read their own rows only",
    found: /^view public\.everybody, to anon/,
    repair: "drop view everybody",
  },
  {
    what: "a view of a view that shows balances",
    plant: `create view hidden as select id, credits from profiles;
      revoke all on hidden from anon, authenticated;
      create view shown as select * from hidden`,
    check: "users read their own rows only",
    found: /^view public\.shown, to anon and authenticated$/,
    repair: "drop view hidden cascade",
  },
  {
    what: "a sweeper that is not scheduled",
    plant: "select cron.unschedule('refund-stuck-generations')",
    check: "jobs of pg_cron",
    found: /^refund-stuck-generations is not scheduled$/,
    repair: `select private.schedule_jobs(); ${NO_TICKS}`,
  },
  {
    what: "a sweeper that is switched off",
    plant:
      "select cron.alter_job(jobid, active => false) from cron.job where jobname = 'refund-stuck-generations'",
    check: "jobs of pg_cron",
    found: /^refund-stuck-generations is not active$/,
    repair:
      "select cron.alter_job(jobid, active => true) from cron.job where jobname = 'refund-stuck-generations'",
  },
  {
    what: "a sweeper that is due once a month",
    plant:
      "select cron.alter_job(jobid, schedule => '0 0 1 * *') from cron.job where jobname = 'refund-stuck-generations'",
    check: "jobs of pg_cron",
    found: /^refund-stuck-generations has another schedule$/,
    repair: NO_TICKS,
  },
  {
    what: "a sweeper that sweeps nothing",
    plant:
      "select cron.alter_job(jobid, command => 'select 1') from cron.job where jobname = 'refund-stuck-generations'",
    check: "jobs of pg_cron",
    found: /^refund-stuck-generations has another command$/,
    repair: `select private.schedule_jobs(); ${NO_TICKS}`,
  },
  {
    what: "a sweeper that fails",
    bySuperuser: true,
    plant: run("failed", "ERROR: out of luck", 1),
    check: "sweeper runs",
    found: /out of luck/,
    repair: "delete from cron.job_run_details where runid = 1000000",
  },
  {
    what: "a sweeper that has not run since a while, whatever pg_cron says",
    plant: `update private.sweep_runs
      set started_at = started_at - interval '1 hour', finished_at = finished_at - interval '1 hour'`,
    check: "sweeper runs",
    found: /^last ran 3[67]\d\d seconds ago$/,
    repair: "select refund_stuck_generations()",
  },
  {
    what: "a sweeper that has never run",
    plant: "delete from private.sweep_runs",
    check: "sweeper runs",
    found: /^has never run$/,
    repair: "select refund_stuck_generations()",
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
  const expected = await readExpected();
  const { url, secretKey } = stack;
  // As the CLI asks, without a process each.
  const query: Query = async <Row>(text: string) => await sql.unsafe(text) as unknown as Row[];
  const databaseOptions = { sweptElsewhere: false, ownPolicies: false };
  const failures = (checks: Check[]) => checks.filter(({ ok }) => !ok);

  const environment = { SUPABASE_DB_URL: stack.databaseUrl };

  await t.step("is green on a good deployment, and says so with exit code 0", async () => {
    const ended = await script("verify", [`--url=${url}`], api, {
      ...environment,
      SUPABASE_SECRET_KEY: secretKey,
    });
    strictEqual(ended.code, 0, ended.said);
    match(ended.stdout, /All \d+ checks passed\.$/m);
    match(ended.stdout, /signup_credits=10/);
    ok(!ended.said.includes(secretKey), "the secret key is not shown");
    ok(!ended.said.includes(new URL(stack.databaseUrl).password), "nor is the password");
  });

  await t.step("of a project lists its functions and calls them, without any key", async () => {
    const red = await script("verify", [`--remote=${REF}`, `--url=${url}`], api);
    strictEqual(red.code, 1, red.said);
    match(red.stdout, /✗ edge functions: account is not active, /);
    const args = ["functions", "deploy", "--use-api", "--yes", `--remote=${REF}`];
    strictEqual((await supabase(args, api)).code, 0);
    const green = await script("verify", [`--remote=${REF}`, `--url=${url}`], api);
    strictEqual(green.code, 0, green.said);
    match(green.stdout, new RegExp(`edge functions .* all ${EDGE_FUNCTIONS.length} are active`));
    for (const name of EDGE_FUNCTIONS) match(green.stdout, new RegExp(`OPTIONS /${name} `));
    match(green.stdout, /GET \/account without a token/);
    match(
      green.stdout,
      /^! GET \/operations\/health: not called: SUPABASE_SECRET_KEY is not set$/m,
    );
    match(green.stdout, /All \d+ checks passed, 1 with a warning\./);
    const deployed = api.functions.get("account");
    ok(deployed);
    deployed.metadata.verify_jwt = true;
    const closed = await script("verify", [`--remote=${REF}`, `--url=${url}`], api);
    match(closed.stdout, /✗ edge functions: account has verify_jwt on/);
  });

  await t.step("says that nothing was called where it does not know the project", async () => {
    const ended = await script("verify", [], api, environment);
    strictEqual(ended.code, 0, ended.said);
    match(ended.stdout, /^! edge functions: not called$/m);
  });

  await sql.unsafe(NO_TICKS);
  for (const [name, properties] of Object.entries(expected.catalogue)) {
    if (name.startsWith("job ")) properties["schedule"] = YEARLY;
  }
  await t.step("finds nothing before a fault is planted", async () => {
    deepStrictEqual(failures(await databaseChecks(query, expected, databaseOptions)), []);
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

  await t.step("names what is the app's own, and is green", async () => {
    await sql.unsafe(`
      alter table profiles add column nickname text;
      create view nicknames as select id, nickname from profiles;
      create policy "own profile" on profiles for select using (auth.uid() = id);
      create view own_rights with (security_invoker = on) as select * from profiles`);
    const checks = await databaseChecks(query, expected, databaseOptions);
    await sql.unsafe(`
      drop view nicknames, own_rights;
      drop policy "own profile" on profiles;
      alter table profiles drop column nickname`);
    deepStrictEqual(failures(checks), []);
    const named = checks.filter(({ warning }) => warning).map(({ name, found }) => [name, found]);
    deepStrictEqual(named, [
      [
        "the app's own on our tables",
        "column public.profiles.nickname, policy public.profiles.own profile",
      ],
    ]);
  });

  await t.step("lets a policy of the app's pass that is known, and names it", async () => {
    await sql`create policy friends on profiles for select to authenticated using (true)`;
    const checks = await databaseChecks(query, expected, { ...databaseOptions, ownPolicies: true });
    await sql`drop policy friends on profiles`;
    deepStrictEqual(failures(checks), []);
    const check = checks.find(({ name }) => name === "users read their own rows only");
    deepStrictEqual([check?.warning, check?.found], [
      true,
      "policy friends on public.profiles, to authenticated",
    ]);
  });

  for (const { what, bySuperuser, plant, check, found, repair } of FAULTS) {
    await t.step(`turns red for ${what}`, async () => {
      const writer = bySuperuser ? admin : sql;
      await writer.unsafe(plant);
      const checks = [
        ...await databaseChecks(query, expected, databaseOptions),
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
    const ended = await script("verify", [], api, environment);
    strictEqual(ended.code, 1, ended.said);
    match(
      ended.stdout,
      /✗ functions of the database: missing: public\.deduct_credit_atomic\(uuid, integer\)\n {2}Push the migrations/,
    );
    match(ended.stdout, /\d of \d+ checks failed/);
  });
});
