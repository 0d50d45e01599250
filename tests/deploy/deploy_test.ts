/** `deno task deploy` and the way back, against a real database and a stand-in of the management API. */

import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from "node:assert/strict";
import postgres from "postgres";
import { DEBIAN_POSTGRES } from "../../scripts/debian.ts";
import { edgeFunctions, neededSecrets, readExpected } from "../../scripts/deploy/expected.ts";
import { startTemporaryDatabase } from "../../scripts/deploy/temporary_database.ts";
import { repositoryRoot } from "../../scripts/stack/files.ts";
import { REF, startManagementApi } from "./management_api.ts";
import { script } from "./programs.ts";

Deno.test("deploy", async (t) => {
  await using database = await startTemporaryDatabase({
    postgres: DEBIAN_POSTGRES,
    migrations: false,
  });
  await using api = await startManagementApi(database.url);
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await using _ = { [Symbol.asyncDispose]: () => sql.end() };
  const { migrations } = await readExpected();
  const names = await edgeFunctions();
  const to = [`--remote=${REF}`, `--url=${api.siteUrl}`];
  const deploy = (args: string[]) => script("deploy", args, api, { SUPABASE_DB_URL: database.url });
  const applied = async () => {
    const [history] = await sql`select to_regclass('supabase_migrations.schema_migrations') as oid`;
    if (history?.["oid"] === null) return [];
    const rows =
      await sql`select version from supabase_migrations.schema_migrations order by version`;
    return rows.map(({ version }) => version);
  };

  const versions = () => [...api.functions].map(([name, { version }]) => [name, version] as const);

  await t.step(
    "refuses another project's connection string, and a password among the arguments",
    async () => {
      const elsewhere =
        "postgresql://postgres.zyxwvutsrqponmlkjihg:secret@pooler.supabase.com/postgres";
      const other = await script("deploy", [...to, "--yes"], api, { SUPABASE_DB_URL: elsewhere });
      strictEqual(other.code, 1);
      match(other.said, /is of the project zyxwvutsrqponmlkjihg, and --remote names/);
      const shown = await script("deploy", [...to, "--yes", `--database=${database.url}`], api);
      strictEqual(shown.code, 1);
      match(shown.said, /give the connection string as SUPABASE_DB_URL/);
      ok(!(other.said + shown.said).includes("secret@"));
      deepStrictEqual([await applied(), api.functions.size], [[], 0]);
    },
  );

  await t.step(
    "stops before it changes anything when the project lacks a secret, and names it",
    async () => {
      const [first, ...rest] = await neededSecrets();
      api.secrets = rest;
      const ended = await deploy([...to, "--yes"]);
      strictEqual(ended.code, 1);
      match(ended.stdout, new RegExp(`✗ .*secrets: the project lacks ${first}\n`));
      match(ended.stdout, /Nothing was changed\./);
      match(ended.stdout, /supabase secrets set --env-file/);
      deepStrictEqual([await applied(), api.functions.size], [[], 0]);
      api.secrets = [first ?? "", ...rest];
    },
  );

  await t.step("shows what it would do, and does nothing unless somebody agrees", async () => {
    const ended = await deploy(to);
    strictEqual(ended.code, 1);
    for (const version of migrations) match(ended.said, new RegExp(version));
    match(ended.stdout, /nobody agreed/);
    match(ended.stdout, /Nothing was changed\./);
    deepStrictEqual([await applied(), api.functions.size], [[], 0]);
  });

  await t.step(
    "says what is done and what is not when the functions cannot be deployed",
    async () => {
      api.broken = "operations";
      const ended = await deploy([...to, "--yes"]);
      api.broken = null;
      strictEqual(ended.code, 1);
      match(ended.stdout, /done {6}push the migrations/);
      match(ended.stdout, /failed {4}deploy the functions/);
      match(ended.stdout, /not done {2}verify/);
      match(ended.stdout, /--back-to=COMMIT/);
      doesNotMatch(ended.stdout, /Nothing was changed/);
      match(ended.stdout, /some functions may be new, others as they were/);
      deepStrictEqual(
        [...api.functions.keys()].sort(),
        names.filter((name) => name !== "operations").sort(),
      );
      deepStrictEqual(await applied(), migrations);
    },
  );

  await t.step("goes on where it stopped, prints each command first, and verifies", async () => {
    const ended = await deploy([...to, "--yes"]);
    strictEqual(ended.code, 0, ended.said);
    deepStrictEqual(
      [...ended.stdout.matchAll(/^\$ (supabase \w+ \w+)/gm)].map(([, command]) => command),
      [
        "supabase db push",
        "supabase secrets list",
        "supabase db push",
        "supabase functions deploy",
        "supabase functions list",
      ],
    );
    match(ended.stdout, /All \d+ checks passed, 1 with a warning\./);
    match(
      ended.stdout,
      /! .*GET \/operations\/health .*not called: SUPABASE_SECRET_KEY is not set/,
    );
    match(ended.stdout, /names no project \(127\.0\.0\.1\): .* could not be compared/);
    ok(
      !ended.said.includes(new URL(database.url).password),
      "the database's password is not shown",
    );
    deepStrictEqual([...api.functions.keys()].sort(), names.toSorted());
  });

  await t.step(
    "--back-to deploys the functions of that commit, and leaves the database as it is",
    async () => {
      const before = versions();
      const ended = await deploy([...to, "--yes", "--back-to=HEAD"]);
      strictEqual(ended.code, 0, ended.said);
      doesNotMatch(ended.stdout, /\$ supabase db push/);
      deepStrictEqual(await applied(), migrations);
      deepStrictEqual(versions(), before.map(([name, version]) => [name, version + 1]));
      for (const { files } of api.functions.values()) {
        for (const [path, content] of files) {
          deepStrictEqual(new TextDecoder().decode(content), await committed(path), path);
        }
      }
    },
  );

  await t.step("--back-to a commit that is not there changes nothing", async () => {
    const before = versions();
    const ended = await deploy([...to, "--yes", "--back-to=nonsense"]);
    strictEqual(ended.code, 1);
    match(ended.said, /git archive failed/);
    deepStrictEqual(versions(), before);
  });

  await t.step(
    "stops at the first step when the database has a later commit's migrations",
    async () => {
      await sql`insert into supabase_migrations.schema_migrations (version, name) values ('20991231000000', 'later')`;
      const ended = await deploy([...to, "--yes"]);
      strictEqual(ended.code, 1);
      match(ended.stdout, /failed {4}look at what the migrations would do/);
      match(ended.stdout, /Nothing was changed\./);
    },
  );

  await t.step("refuses a connection string where the project's ref belongs", async () => {
    const ended = await deploy(["--remote=postgresql://postgres@127.0.0.1/postgres"]);
    strictEqual(ended.code, 1);
    match(ended.said, /--database/);
  });
});

/** A file of the last commit. */
async function committed(path: string): Promise<string> {
  const command = new Deno.Command("git", { args: ["show", `HEAD:${path}`], cwd: repositoryRoot });
  return new TextDecoder().decode((await command.output()).stdout);
}
