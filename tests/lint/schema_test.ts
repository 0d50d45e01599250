import { match, strictEqual } from "node:assert/strict";
import postgres from "postgres";
import { DEBIAN_POSTGRES } from "../../scripts/debian.ts";
import { startTemporaryDatabase } from "../../scripts/deploy/temporary_database.ts";
import { schemaDifferences, schemaDump } from "../../scripts/schema.ts";

Deno.test("the committed schema and types", async (t) => {
  await using database = await startTemporaryDatabase({
    postgres: DEBIAN_POSTGRES,
    migrations: true,
  });
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await using _ = { [Symbol.asyncDispose]: () => sql.end() };

  await t.step("are those of the migrations; `deno task schema` writes them", async () => {
    strictEqual(await schemaDifferences(database.url), "");
  });

  await t.step("are the same however often they are made", async () => {
    strictEqual(await schemaDump(database.url), await schemaDump(database.url));
  });

  await t.step("differ, readably, as soon as anything of ours does", async () => {
    await sql`alter table public.profiles add column shoe_size integer`;
    await sql`grant update on public.topics to anon`;
    const differences = await schemaDifferences(database.url);
    match(differences, /^--- supabase\/schema\.sql \(committed\)$/m);
    match(differences, /^\+ {4}shoe_size integer/m);
    match(differences, /^\+GRANT UPDATE ON TABLE public\.topics TO anon;/m);
    match(differences, /^\+ +"shoe_size": number \| null;$/m);
  });
});
