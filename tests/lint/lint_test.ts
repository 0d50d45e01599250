/**
 * The linters of the database, at their strictest, on a new database with the migrations alone. A finding that is to
 * stay is listed here with the reason why; one that no longer comes up is to be taken off the list.
 */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import postgres from "postgres";
import { DEBIAN_POSTGRES } from "../../scripts/debian.ts";
import { Cli } from "../../scripts/deploy/cli.ts";
import { startTemporaryDatabase } from "../../scripts/deploy/temporary_database.ts";

const OWNER_ONLY =
  "Nobody but its owner and the functions may read it, so there is nothing that a policy could allow.";

/** Findings of `supabase db advisors` that stay, by their key, and why. */
const EXPLAINED_ADVICE: [key: RegExp, why: string][] = [
  [/^unused_index_/, "Nothing has been read yet: every index is unused in a new database."],
  [
    /^rls_enabled_no_policy_private_(adoption_findings|former_topics|idempotency_keys|settings|sweep_(failures|runs|totals)|worker_metrics)$/,
    OWNER_ONLY,
  ],
  [
    /^rls_enabled_no_policy_public_generation_types$/,
    "Users read the price list through the edge functions; the service role passes by RLS.",
  ],
  [
    /^extension_in_public_pg_cron$/,
    "Debian's pg_cron 1.4 names no schema of its own; the platform's is in pg_catalog.",
  ],
];

/** Findings of plpgsql_check, with all warnings on, that stay: function and message, and why. */
const EXPLAINED_CHECKS: [finding: RegExp, why: string][] = [
  [
    /^private\.replay: .*VOLATILE, should be STABLE/,
    "It must see what the holder of the lock before it has committed: a stable function reads the caller's snapshot.",
  ],
  [
    /^private\.lock_due_generations: .*VOLATILE, should be STABLE/,
    "It locks rows, and must see what was committed before it did.",
  ],
  [
    /^private\.charge_generation: .*cast "numeric" value to "integer"/,
    "One assignment of ceil(…) for each charge; a cast would do the same work.",
  ],
  [
    /^public\.grant_credits: .*cast "integer" value to "bigint"/,
    "A constant that is assigned once for each call.",
  ],
];

/** Checks that each finding is explained, and each explanation needed. */
function assertExplained(findings: string[], explained: [RegExp, string][]): void {
  const open = findings.filter((finding) => !explained.some(([pattern]) => pattern.test(finding)));
  deepStrictEqual(open, [], "findings that nobody has explained");
  const idle = explained.filter(([pattern]) => !findings.some((finding) => pattern.test(finding)));
  deepStrictEqual(idle.map(([pattern]) => pattern.source), [], "explanations that nothing needs");
}

Deno.test("the linters", async (t) => {
  await using database = await startTemporaryDatabase({
    postgres: DEBIAN_POSTGRES,
    migrations: true,
  });
  const cli = await Cli.open({ profile: null });
  const remote = `--remote=${database.url}`;
  const admin = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  await using _ = { [Symbol.asyncDispose]: () => admin.end() };
  // The platform lets the role postgres do this.
  await admin`create extension plpgsql_check with schema extensions`;

  /** plpgsql_check on every function of ours; on trigger functions once for each table that they are a trigger of. */
  const plpgsqlCheck = async () => {
    const rows = await admin`
      select
        p.oid::regprocedure::text as signature, n.nspname || '.' || p.proname as name, t.tgrelid::regclass::text as table_name,
        f.level, concat_ws(' ', f.message, f.detail, f.context) as said
      from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace and n.nspname in ('public', 'private')
      join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
      left join (select distinct tgfoid, tgrelid from pg_trigger where not tgisinternal) t on t.tgfoid = p.oid
      left join lateral extensions.plpgsql_check_function_tb(
        p.oid, coalesce(t.tgrelid, 0), all_warnings => true
      ) f on true
      order by 1, 3, 5`;
    return {
      checked: new Set(rows.map(({ signature }) => signature)).size,
      findings: rows.filter(({ said }) => said !== "").map(({ name, level, said }) =>
        `${name}: ${level} ${said}`
      ),
    };
  };

  await t.step("supabase db lint finds nothing", async () => {
    const { success, said } = await cli.ask([
      "db",
      "lint",
      "--level=warning",
      "--fail-on=warning",
      remote,
    ]);
    ok(success, said);
    match(said, /Linting schema: private/);
    match(said, /Linting schema: public/);
  });

  await t.step(
    "supabase db advisors finds nothing, at any level, that is not explained",
    async () => {
      const args = ["db", "advisors", "--type=all", "--level=info", "--fail-on=none", remote];
      const { success, stdout, said } = await cli.ask([
        ...args,
        "--output-format=json",
        "--agent=no",
      ]);
      ok(success, said);
      const { results } = JSON.parse(stdout) as { results: { cacheKey: string }[] };
      assertExplained(results.map(({ cacheKey }) => cacheKey), EXPLAINED_ADVICE);
    },
  );

  await t.step(
    "plpgsql_check finds nothing, in trigger functions either, that is not explained",
    async () => {
      const { checked, findings } = await plpgsqlCheck();
      const [all] = await admin`
      select count(*)::integer as count from pg_proc p join pg_language l on l.oid = p.prolang
      where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and l.lanname = 'plpgsql'`;
      strictEqual(checked, all?.["count"]);
      const [unused] = await admin`
      select count(*)::integer as count from pg_proc p
      where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and p.prorettype = 'trigger'::regtype
        and not exists (select from pg_trigger t where t.tgfoid = p.oid)`;
      strictEqual(unused?.["count"], 0, "each trigger function is a trigger, and so was checked");
      assertExplained(findings, EXPLAINED_CHECKS);
    },
  );

  await t.step("and all of them see what is wrong: this test can fail", async () => {
    await admin.unsafe(`
      set role postgres;
      create table public.broken (id integer);
      grant select on public.broken to anon;
      create function private.broken() returns trigger language plpgsql
        as $$ begin new.no_such_column := 1; return new; end $$;
      create trigger broken before insert on public.broken for each row execute function private.broken();
      create function public.broken_too() returns integer language plpgsql
        as $$ begin return (select no_such_column from public.broken); end $$;
      reset role`);
    const lint = await cli.ask(["db", "lint", "--level=warning", "--fail-on=warning", remote]);
    ok(!lint.success && /broken_too/.test(lint.said), lint.said);
    const advisors = await cli.ask(["db", "advisors", "--level=error", "--fail-on=error", remote]);
    ok(!advisors.success && /rls_disabled_in_public/.test(advisors.said), advisors.said);
    const { findings } = await plpgsqlCheck();
    ok(
      findings.some((finding) => /^private\.broken: error .*no_such_column/.test(finding)),
      String(findings),
    );
  });
});
