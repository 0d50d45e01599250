/** edge-credits can be taken out again, and put back, without a balance or a job lost. */

import { deepStrictEqual, match, notStrictEqual, strictEqual } from "node:assert/strict";
import postgres from "postgres";
import { DEBIAN_POSTGRES } from "../../scripts/debian.ts";
import { databaseChecks } from "../../scripts/deploy/checks.ts";
import { readExpected } from "../../scripts/deploy/expected.ts";
import { startTemporaryDatabase } from "../../scripts/deploy/temporary_database.ts";
import { startManagementApi } from "./management_api.ts";
import { supabase } from "./programs.ts";

Deno.test("remove.sql", async (t) => {
  await using database = await startTemporaryDatabase({
    postgres: DEBIAN_POSTGRES,
    migrations: true,
  });
  await using api = await startManagementApi(database.url);
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await using _ = { [Symbol.asyncDispose]: () => sql.end() };
  const expected = await readExpected();
  const remote = `--remote=${database.url}`;
  const remove = () =>
    supabase(["db", "query", "--yes", "--file=scripts/deploy/remove.sql", remote], api);

  const [user] = await sql`
    insert into auth.users (id, email) values (gen_random_uuid(), 'ada@example.com') returning id`;
  const id = user?.["id"];
  await sql`select submit_generation(${id}, p_input => '{"prompt": "a bridge"}')`;
  await sql.unsafe(`
    create table private.secrets (name text);
    create function private.is_admin() returns boolean language sql as 'select false';
    create table public.notes (id integer);
    create policy admins on public.notes using (private.is_admin())`);
  const kept = async () => [
    await sql`select polname from pg_policy where polname = 'admins'`,
    await sql`select id, email, credits from profiles`,
    await sql`select id, user_id, type, status::text as status, cost, input from generation_jobs`,
  ];
  const others = async () =>
    await sql`
      select n.nspname || '.' || p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ('public', 'private')
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
      union all
      select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'private') and c.relkind in ('r', 'v', 'S')
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
      union all
      select n.nspname || '.' || t.typname from pg_type t join pg_namespace n on n.oid = t.typnamespace
      where n.nspname in ('public', 'private') and t.typtype = 'e'
      union all
      select 'trigger ' || tgname from pg_trigger
      where not tgisinternal and tgrelid::regclass::text in ('auth.users', 'profiles', 'generation_jobs')
      order by 1`;

  await t.step("refuses, and changes nothing, while credits are held", async () => {
    const ended = await remove();
    strictEqual(ended.code, 1);
    match(ended.said, /unsettled generations/);
    notStrictEqual((await others()).length, 5);
  });

  await sql`select complete_generation(id, p_result => '{}') from generation_jobs`;
  const before = await kept();

  await t.step(
    "leaves profiles and generation_jobs as they were, and nothing else of ours",
    async () => {
      const ended = await remove();
      strictEqual(ended.code, 0, ended.said);
      deepStrictEqual(await kept(), before);
      deepStrictEqual((await others()).map(({ name }) => name), [
        "private.is_admin",
        "private.secrets",
        "public.generation_jobs",
        "public.notes",
        "public.profiles",
      ]);
      deepStrictEqual([...await sql`select jobname from cron.job`], []);
    },
  );

  await t.step("keeps the history where only its owner reads it", async () => {
    const [events] = await sql`
      select count(*)::integer as count, sum(delta)::integer as sum from edge_credits_archive.account_events`;
    deepStrictEqual(events, { count: 3, sum: 9 });
    const [usage] = await sql`
      select has_schema_privilege('service_role', 'edge_credits_archive', 'usage') as allowed`;
    strictEqual(usage?.["allowed"], false);
  });

  await t.step("lets users read their own rows, and sign up, as before", async () => {
    const seen = await sql.begin(async (sql) => {
      await sql`select set_config('request.jwt.claims', ${JSON.stringify({ sub: id })}, true)`;
      await sql`set local role authenticated`;
      return await sql`select credits from profiles`;
    });
    deepStrictEqual([...seen], [{ credits: 9 }]);
    await sql`insert into auth.users (id, email) values (gen_random_uuid(), 'bob@example.com')`;
  });

  await t.step("can be followed by a new push, which adopts what was left", async () => {
    const repair = [
      "migration",
      "repair",
      "--status=reverted",
      "--yes",
      ...expected.migrations,
      remote,
    ];
    const repaired = await supabase(repair, api);
    strictEqual(repaired.code, 0, repaired.said);
    const pushed = await supabase(["db", "push", "--yes", remote], api);
    strictEqual(pushed.code, 0, pushed.said);
    deepStrictEqual([...await sql`select email, credits from profiles order by email`], [
      { email: "ada@example.com", credits: 9 },
      { email: "bob@example.com", credits: 10 },
    ]);
    const checks = await databaseChecks(
      async <Row>(text: string) => await sql.unsafe(text) as unknown as Row[],
      expected,
      { sweptElsewhere: false, ownPolicies: false },
    );
    deepStrictEqual(checks.filter(({ ok }) => !ok), []);
  });
});
