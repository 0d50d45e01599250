import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import postgres from "postgres";
import { DEBIAN_POSTGRES } from "../../scripts/debian.ts";
import { startTemporaryDatabase } from "../../scripts/deploy/temporary_database.ts";
import { pushMigrations } from "../../scripts/stack/migrations.ts";
import { supabaseCommand } from "../../scripts/stack/tools.ts";

async function push(databaseUrl: string): Promise<void> {
  const command = await supabaseCommand(() => {});
  const dataDir = await Deno.makeTempDir();
  await pushMigrations({ command, databaseUrl, dataDir, seed: false })
    .finally(() => Deno.remove(dataDir, { recursive: true }));
}

const user = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;

Deno.test("onto an app's tables", async (t) => {
  await using database = await startTemporaryDatabase({
    postgres: DEBIAN_POSTGRES,
    migrations: false,
  });
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await sql.unsafe(await Deno.readTextFile(new URL("app.sql", import.meta.url)));
  await push(database.url);

  await t.step("no row is lost, and the app's own columns are as they were", async () => {
    const profiles = await sql`
      select username, legacy_credits::text as credits from profiles order by username`;
    deepStrictEqual(profiles.map((row) => row["credits"]), ["5.00", "-3.00", null, "7.50", "5.00"]);
    const jobs = await sql`
      select prompt, legacy_status, legacy_cost from generation_jobs order by prompt`;
    deepStrictEqual(jobs.map((row) => [row["prompt"], row["legacy_status"], row["legacy_cost"]]), [
      ["a stuck one", "pending", 3],
      ["an odd one", "weird", null],
      ["an old one", "completed", 3],
      ["nobody's", "processing", 1],
      ["one without a status", null, 1],
    ]);
  });

  await t.step(
    "every account has an opening event with what it had, and odd balances are reported",
    async () => {
      const events = await sql`
      select user_id, version::integer, type, delta, balance, reason from account_events
      where version = 1 order by user_id`;
      deepStrictEqual(
        events.map((row) => [row["user_id"], row["version"], row["delta"], row["reason"]]),
        [
          [user(1), 1, 5, "adopted"],
          [user(2), 1, 0, "adopted"],
          [user(3), 1, 0, "adopted"],
          [user(4), 1, 7, "adopted"],
          [user(5), 1, 5, "adopted"],
        ],
      );
      const findings = await sql`
      select row_id from private.adoption_findings where finding like 'legacy_credits %' order by row_id`;
      deepStrictEqual(findings.map((row) => row["row_id"]), [user(2), user(3), user(4)]);
    },
  );

  await t.step("the app's triggers did not fire for it, and are on again", async () => {
    // But for what the sweeper did then: a job that was overdue has expired, as it would have a minute later.
    const calls = await sql`select status from webhook_calls`;
    deepStrictEqual(calls.map((row) => row["status"]), ["expired"]);
    const off =
      await sql`select tgname from pg_trigger where not tgisinternal and tgenabled <> 'O'`;
    deepStrictEqual([...off], []);
  });

  await t.step("signing up goes on working, with the app's own default as the grant", async () => {
    await sql`insert into auth.users (id, email) values (${user(6)}, 'new@example.com')`;
    const [profile] = await sql`select username, email, credits from profiles where id = ${
      user(6)
    }`;
    deepStrictEqual({ ...profile }, {
      username: "new@example.com",
      email: "new@example.com",
      credits: 5,
    });
  });

  await t.step("generations are charged, one after the other", async () => {
    for (const credits of [4, 3]) {
      const [row] = await sql`
        select submit_generation(${user(6)}, 'image', '{"prompt":"x"}') as answer`;
      strictEqual(row?.["answer"].credits, credits);
      await sql`update profiles set last_generate_at = null where id = ${user(6)}`;
    }
  });

  await t.step("what was stuck has expired without minting a credit", async () => {
    const events = await sql`
      select delta, reason, actor from account_events where user_id = ${user(1)} and version > 1`;
    deepStrictEqual(events.map((row) => ({ ...row })), [
      { delta: 0, reason: "deadline_passed", actor: "sweeper" },
    ]);
    const [profile] = await sql`select credits from profiles where id = ${user(1)}`;
    strictEqual(profile?.["credits"], 5);
  });

  await t.step("old code that writes a balance is recorded", async () => {
    await sql`update profiles set credits = credits - 1 where id = ${user(1)}`;
    const [event] = await sql`
      select type, delta, reason, actor from account_events where user_id = ${
      user(1)
    } order by version desc limit 1`;
    deepStrictEqual({ ...event }, {
      type: "credit.adjusted",
      delta: -1,
      reason: "direct_write",
      actor: "sql:postgres",
    });
  });

  await t.step(
    "a policy that shows profiles to everybody shows no balance and no address",
    async () => {
      const claims = JSON.stringify({ sub: user(6), role: "authenticated" });
      const asUser = (columns: string) =>
        sql.begin(async (sql) => {
          await sql`select set_config('request.jwt.claims', ${claims}, true), set_config('role', 'authenticated', true)`;
          return await sql.unsafe(`select ${columns} from profiles`);
        });
      ok((await asUser("id, username")).length > 1);
      for (const column of ["email", "credits", "last_generate_at"]) {
        await rejects(asUser(column), { code: "42501" });
      }
    },
  );

  await t.step("users may still change their own columns, and no balance", async () => {
    const claims = JSON.stringify({ sub: user(1), role: "authenticated" });
    await sql.begin(async (sql) => {
      await sql`select set_config('request.jwt.claims', ${claims}, true), set_config('role', 'authenticated', true)`;
      const changed = await sql`update profiles set avatar = 'me.png' where id = ${
        user(1)
      } returning id`;
      strictEqual(changed.length, 1);
    });
    await rejects(
      sql.begin(async (sql) => {
        await sql`select set_config('request.jwt.claims', ${claims}, true), set_config('role', 'authenticated', true)`;
        await sql`update profiles set credits = 1000 where id = ${user(1)}`;
      }),
      { code: "42501" },
    );
  });

  await t.step("the invariants hold, and a second push changes nothing", async () => {
    await push(database.url);
    const [row] = await sql`select get_health() as answer`;
    strictEqual(row?.["answer"].healthy, true, JSON.stringify(row?.["answer"]));
  });
  await sql.end();
});

Deno.test("what stands in its way is refused by name, before anything is changed", async (t) => {
  await using database = await startTemporaryDatabase({
    postgres: DEBIAN_POSTGRES,
    migrations: false,
  });
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  const cases: [string, string, string, RegExp][] = [
    [
      "a table under one of our names",
      "create table public.topics (id bigint)",
      "drop table public.topics",
      /names that are taken in public: table topics/,
    ],
    [
      "a function under one of our names",
      "create function public.grant_credits(uuid, integer) returns void language sql as ''",
      "drop function public.grant_credits",
      /function grant_credits\(uuid,integer\)/,
    ],
    [
      "ids that are no UUIDs",
      "create table public.generation_jobs (id bigserial primary key)",
      "drop table public.generation_jobs",
      /its id is bigint, not uuid/,
    ],
  ];
  for (const [what, make, unmake, message] of cases) {
    await t.step(what, async () => {
      await sql.unsafe(make);
      await rejects(push(database.url), (error: Error) => {
        match(error.message, message);
        return true;
      });
      const [row] = await sql`select to_regclass('public.profiles') as profiles`;
      strictEqual(row?.["profiles"], null);
      await sql.unsafe(unmake);
    });
  }
  await t.step("and once it is out of the way, the push goes through", async () => {
    await push(database.url);
    const [row] = await sql`select count(*)::integer as count from generation_types`;
    ok(row?.["count"] === 1);
  });
  await sql.end();
});

Deno.test("an app's trigger that writes our columns stops the push, until it does not", async () => {
  await using database = await startTemporaryDatabase({
    postgres: DEBIAN_POSTGRES,
    migrations: false,
  });
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await sql.unsafe(`
    insert into auth.users (id) values ('${user(1)}'), ('${user(2)}');
    create table public.profiles (
      id uuid primary key, version integer not null default 1, credits integer not null default 3, last_generate_at timestamptz
    );
    insert into public.profiles (id, last_generate_at) values ('${user(1)}', '-infinity'), ('${
    user(2)
  }', '2199-01-01');
    create function public.count_versions() returns trigger language plpgsql
      as 'begin new.version := old.version + 1; return new; end';
    create trigger optimistic_lock before update on public.profiles
      for each row execute function public.count_versions()`);
  await rejects(push(database.url), /Trigger optimistic_lock on profiles writes a column/);
  await sql.unsafe(`
    create or replace function public.count_versions() returns trigger language plpgsql
      as 'begin select old.version + 1 into new.version; return new; end'`);
  await rejects(push(database.url), /Trigger optimistic_lock on profiles writes a column/);
  await sql`drop trigger optimistic_lock on profiles`;
  await push(database.url);

  // What was no time in the past is reported, and does not stop a charge.
  for (const id of [user(1), user(2)]) {
    const [row] = await sql`select reserve_generation(${id}) as answer`;
    strictEqual(row?.["answer"].success, true, JSON.stringify(row?.["answer"]));
  }
  const findings = await sql`
    select row_id from private.adoption_findings where finding like 'last_generate_at was%' order by 1`;
  deepStrictEqual(findings.map((row) => row["row_id"]), [user(1), user(2)]);
  await sql.end();
});

Deno.test("onto an app that is stricter than ours, and shows users their own profile only", async (t) => {
  await using database = await startTemporaryDatabase({
    postgres: DEBIAN_POSTGRES,
    migrations: false,
  });
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await sql.unsafe(`
    insert into auth.users (id, email) values ('${user(1)}', 'one@example.com');
    create table public.profiles (
      id uuid primary key references auth.users (id) on delete cascade,
      email text not null,
      credits integer not null default 5,
      last_generate_at timestamptz not null default now() - interval '1 day',
      domain text not null generated always as (split_part(email, '@', 2)) stored
    );
    create table public.vips () inherits (public.profiles);
    grant all on public.vips to authenticated;
    alter table public.profiles enable row level security;
    create policy "own" on public.profiles for select using (auth.uid() = id);
    create policy "own, quickly" on public.profiles for select to authenticated using ((select auth.uid()) = id);
    insert into public.profiles (id, email) values ('${user(1)}', 'one@example.com');
    create table public.generation_jobs (
      id uuid primary key default gen_random_uuid(),
      user_id uuid not null,
      input jsonb not null default '{}'
    );
    create table public.audit_log (said text);
    create function public.audit() returns trigger language plpgsql
      as 'begin insert into audit_log values (tg_op || '' '' || tg_table_name); return null; end';
    create trigger audit after insert or update on public.profiles
      for each row execute function public.audit();
    create trigger audit after insert or update on public.generation_jobs
      for each row execute function public.audit()`);
  const tell = (states: string) =>
    sql.unsafe(`
      create or replace function public.tell() returns trigger language plpgsql
        as 'begin if new.status in (${states}) then insert into audit_log values (''settled''); end if; return null; end';`);
  await tell("''completed'', ''done''");
  await sql`create trigger tell after update on generation_jobs for each row execute function tell()`;
  await rejects(
    push(database.url),
    /Trigger tell on generation_jobs compares the status with "done"/,
  );
  await tell("''completed'', ''failed''");
  await push(database.url);

  await t.step(
    "a charge leaves its input empty, and finds what the app's triggers name",
    async () => {
      const [row] = await sql`select reserve_generation(${user(1)}) as answer`;
      strictEqual(row?.["answer"].credits, 4, JSON.stringify(row?.["answer"]));
      const said = await sql`select said from audit_log`;
      deepStrictEqual(said.map((row) => row["said"]), [
        "UPDATE profiles",
        "INSERT generation_jobs",
      ]);
    },
  );

  await t.step("a user without an address signs up, and one with it can be deleted", async () => {
    await sql`insert into auth.users (id) values (${user(2)})`;
    const [opened] = await sql`select credits, email from profiles where id = ${user(2)}`;
    deepStrictEqual({ ...opened }, { credits: 5, email: null });
    await sql`delete from auth.users where id = ${user(1)}`;
    const [closed] = await sql`
      select email, closed_at is not null as closed from profiles where id = ${user(1)}`;
    deepStrictEqual({ ...closed }, { email: null, closed: true });
  });

  await t.step("what inherits from profiles is closed to clients as well", async () => {
    const [row] = await sql`
      select has_table_privilege('authenticated', 'vips', 'select, insert, update, delete') as open`;
    strictEqual(row?.["open"], false);
  });

  await t.step("users still select their own balance, and it is all written down", async () => {
    await sql.begin(async (sql) => {
      await sql`set local role authenticated`;
      await sql`select set_config('request.jwt.claims', ${
        JSON.stringify({ sub: user(2), role: "authenticated" })
      }, true)`;
      const rows = await sql`select id, email, credits from profiles`;
      deepStrictEqual(rows.map((row) => ({ ...row })), [{ id: user(2), email: null, credits: 5 }]);
    });
    const findings = await sql`
      select table_name, finding from private.adoption_findings
      where finding like '%may now be null%' or finding like 'trigger function %' or finding like 'a policy %'
      order by 1, 2`;
    const path = `"$user", public, extensions`;
    deepStrictEqual(findings.map((row) => `${row["table_name"]}: ${row["finding"]}`), [
      `-: trigger function audit() now has the search_path ${path} of its own`,
      `-: trigger function tell() now has the search_path ${path} of its own`,
      "generation_jobs: column input may now be null: edge-credits leaves it empty at times",
      "profiles: column domain may now be null: edge-credits leaves it empty at times",
      "profiles: column email may now be null: edge-credits leaves it empty at times",
      "profiles: column last_generate_at may now be null: edge-credits leaves it empty at times",
    ]);
  });
  await sql.end();
});
