import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { DEBIAN_POSTGRES } from "../../scripts/debian.ts";
import { readExpected } from "../../scripts/deploy/expected.ts";
import { startTemporaryDatabase } from "../../scripts/deploy/temporary_database.ts";
import { runOrFail } from "../../scripts/stack/process.ts";
import { startManagementApi } from "./management_api.ts";
import { supabase } from "./programs.ts";

/** Everything in the database that is ours, with its rows. */
async function contents(databaseUrl: string): Promise<string> {
  const dump = await runOrFail("pg_dump", `${DEBIAN_POSTGRES}/pg_dump`, {
    args: [
      ...["public", "private", "supabase_migrations"].map((name) => `--schema=${name}`),
      databaseUrl,
    ],
  });
  return dump.replaceAll(/^\\(un)?restrict .*$/gm, "");
}

Deno.test("db push", async (t) => {
  await using database = await startTemporaryDatabase({
    postgres: DEBIAN_POSTGRES,
    migrations: false,
  });
  await using api = await startManagementApi(database.url);
  const remote = `--remote=${database.url}`;
  const { migrations } = await readExpected();

  const listed = async () => {
    const answer = await supabase([
      "migration",
      "list",
      remote,
      "--output-format=json",
      "--agent=no",
    ], api);
    strictEqual(answer.code, 0, answer.said);
    return JSON.parse(answer.stdout).migrations.map((
      { local, remote }: { local: string; remote: string },
    ) => [local, remote]);
  };

  await t.step("--dry-run names every migration and applies none", async () => {
    const dry = await supabase(["db", "push", "--dry-run", remote], api);
    strictEqual(dry.code, 0, dry.said);
    for (const version of migrations) match(dry.said, new RegExp(version));
    deepStrictEqual(await listed(), migrations.map((version) => [version, ""]));
  });

  await t.step(
    "onto an empty database applies every migration, and migration list agrees",
    async () => {
      const push = await supabase(["db", "push", "--yes", remote], api);
      strictEqual(push.code, 0, push.said);
      deepStrictEqual(await listed(), migrations.map((version) => [version, version]));
    },
  );

  await t.step("a second time says that it is up to date, and changes nothing", async () => {
    const before = await contents(database.url);
    const push = await supabase(["db", "push", "--yes", remote], api);
    strictEqual(push.code, 0, push.said);
    match(push.said, /up to date/);
    strictEqual(await contents(database.url), before);
  });
});
