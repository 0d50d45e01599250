/** The example of docs/freshness.md: a view of an app's own, run as it stands there. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { connect } from "../support/stack.ts";
import { Account } from "./account.ts";
import { startWorkers } from "./workers.ts";

const read = (path: string) => Deno.readTextFile(new URL(path, import.meta.url));
const migration = await read("example/projects.sql");

Deno.test("docs/freshness.md shows the example as it is run", async () => {
  const page = await read("../../docs/freshness.md");
  const handler = await read("example/functions/projects/index.ts");
  ok(page.includes("```sql\n" + migration + "```\n"), "the migration");
  // There it lies in a folder of its own.
  const inPlace = handler.replaceAll("../../../../../supabase/functions/_shared/", "../_shared/");
  ok(page.includes("```ts\n" + inPlace + "```\n"), "the function");
});

Deno.test("a view of an app's own shows every write at once, on every worker", async () => {
  const sql = connect({ max: 1 });
  await sql.unsafe(migration);
  try {
    await sql`notify pgrst, 'reload schema'`;
    const folder = fileURLToPath(new URL("example/functions", import.meta.url));
    await using workers = await startWorkers({ folder, count: 2 });
    const [ann, ben] = await Account.create(sql, 2) as [Account, Account];
    const get = (account: Account, worker: number, headers = {}) =>
      account.request("GET", `${workers.origins[worker]}/projects`, { headers });
    const until = performance.now() + 30_000;
    while ((await get(ann, 0)).status !== 200 && performance.now() < until);

    const names: string[] = [];
    for (let i = 0; i < 20; i++) {
      const older = await Promise.all([get(ann, 0), get(ann, 1)]);
      names.push(`project ${String(i).padStart(2, "0")}`);
      const [row] = await sql`select add_project(${ann.id}, ${names.at(-1)!}) as answer`;
      const { version, epoch } = row?.["answer"];
      for (const worker of [0, 1]) {
        const { status, body } = await get(ann, worker, {
          "if-none-match": older[worker]!.etag,
          "x-min-version": `${epoch}.${version}`,
        });
        strictEqual(status, 200);
        strictEqual(body.version, version);
        deepStrictEqual(body.projects.map(({ name }: { name: string }) => name), names);
        // Both keep it now.
        strictEqual((await get(ann, worker)).etag, (await get(ann, 0)).etag);
      }
    }
    const { etag } = await get(ann, 0);
    strictEqual((await get(ann, 1, { "if-none-match": etag })).status, 304);
    const other = await get(ben, 0, { "if-none-match": etag });
    strictEqual(other.status, 200);
    deepStrictEqual(other.body.projects, []);

    const [events] = await sql`
      select count(*)::integer as n, sum(delta)::integer as delta from account_events
      where user_id = ${ann.id} and type = 'account.changed' and reason = 'projects'`;
    deepStrictEqual({ ...events }, { n: 20, delta: 0 });
    await sql`delete from projects`;
  } finally {
    await sql`drop function if exists add_project, get_projects`;
    await sql`drop table if exists projects`;
    await sql`notify pgrst, 'reload schema'`;
    await sql.end();
  }
});
