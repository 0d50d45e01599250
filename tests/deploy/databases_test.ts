/** The checks of the database on others than the one whose catalogue is committed: other versions, adopted tables. */

import { deepStrictEqual, match } from "node:assert/strict";
import postgres from "postgres";
import { DEBIAN_POSTGRES } from "../../scripts/debian.ts";
import { type Check, databaseChecks } from "../../scripts/deploy/checks.ts";
import { readExpected } from "../../scripts/deploy/expected.ts";
import { startTemporaryDatabase } from "../../scripts/deploy/temporary_database.ts";
import { pushMigrations } from "../../scripts/stack/migrations.ts";
import { supabaseCommand } from "../../scripts/stack/tools.ts";

const expected = await readExpected();

async function checksOf(url: string, sweptElsewhere: boolean): Promise<Check[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const query = async <Row>(text: string) => await sql.unsafe(text) as unknown as Row[];
    return await databaseChecks(query, expected, { sweptElsewhere, ownPolicies: false });
  } finally {
    await sql.end();
  }
}

const failures = (checks: Check[]) =>
  checks.filter(({ ok }) => !ok).map(({ name, found }) => [name, found]);

for (const version of ["17", "18"]) {
  Deno.test(`are green on Postgres ${version}, which writes definitions its own way`, async () => {
    await using database = await startTemporaryDatabase({ postgres: version, migrations: true });
    deepStrictEqual(failures(await checksOf(database.url, true)), []);
  });
}

Deno.test("without pg_cron", async (t) => {
  await using database = await startTemporaryDatabase({ postgres: "17", migrations: true });
  await t.step("are red: nobody sweeps", async () => {
    deepStrictEqual(failures(await checksOf(database.url, false)), [
      ["jobs of pg_cron", "pg_cron is not enabled: stuck generations are not refunded"],
    ]);
  });

  await t.step("are green where it is swept from elsewhere, and red once it is not", async () => {
    deepStrictEqual(failures(await checksOf(database.url, true)), []);
    const sql = postgres(database.url, { max: 1, onnotice: () => {} });
    await sql`
      update private.sweep_runs
      set started_at = started_at - interval '1 hour', finished_at = finished_at - interval '1 hour'`;
    await sql.end();
    deepStrictEqual(failures(await checksOf(database.url, true)).map(([name]) => name), [
      "sweeper runs",
    ]);
  });
});

Deno.test("on adopted tables", async (t) => {
  await using database = await startTemporaryDatabase({
    postgres: DEBIAN_POSTGRES,
    migrations: false,
  });
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await using _ = { [Symbol.asyncDispose]: () => sql.end() };
  const app = new URL("../adoption/app.sql", import.meta.url);
  await sql.unsafe(await Deno.readTextFile(app));
  // An id of another name, and words of another type, are the app's own affair.
  await sql`alter table profiles rename constraint profiles_pkey to profiles_id`;
  await sql`alter table profiles add column email varchar(200)`;
  const dataDir = await Deno.makeTempDir();
  await pushMigrations({
    command: await supabaseCommand(() => {}),
    databaseUrl: database.url,
    dataDir,
    seed: false,
  }).finally(() => Deno.remove(dataDir, { recursive: true }));

  await t.step("are green, and name what is the app's own", async () => {
    const checks = await checksOf(database.url, false);
    deepStrictEqual(failures(checks), []);
    const own = checks.find(({ name }) => name === "the app's own on our tables");
    match(own?.found ?? "", /column public\.\w+\.\w+/);
    deepStrictEqual(own?.warning, true);
  });

  await t.step("are red once the app's policy shows e-mail and credits to others", async () => {
    await sql`grant select on profiles to authenticated`;
    deepStrictEqual(failures(await checksOf(database.url, false)), [
      [
        "users read their own rows only",
        "policy Public profiles are viewable by everyone on public.profiles, to authenticated",
      ],
    ]);
  });
});
