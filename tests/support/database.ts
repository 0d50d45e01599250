/** What the database holds, as one value: so that a test can say that nothing has changed. */

import { deepStrictEqual } from "node:assert/strict";
import { connect } from "./stack.ts";

// Connected before the first test, so that no test is said to leave it open.
const sql = connect({ max: 1 });
const tables: string[] = (await sql`
  select format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private', 'auth') and c.relkind = 'r'
    -- Written by the workers whenever they like: they count refusals, too.
    and c.relname <> 'worker_metrics'
  order by 1`).map(({ name }) => name);

/**
 * For each table of ours and of Supabase Auth, how many rows it has, and a hash of where each lies and of the transaction
 * that wrote it: any write changes that, even one of the same values, and large rows need not be read for it.
 */
async function checksums(): Promise<Record<string, string>> {
  // Submissions of former tests are still worked on: only what stands still can be compared. What was handed over to a
  // provider, which has no lease any more, does.
  const until = performance.now() + 20_000;
  while (performance.now() < until) {
    const [busy] = await sql`
      select 1 from generation_jobs
      where status = 'processing' and lease_expires_at is not null limit 1`;
    if (!busy) break;
  }
  const each = tables.map((name) =>
    `select '${name}' as name, count(*) || ' rows, ' ||
       coalesce(sum(hashtextextended(concat(ctid, '/', xmin), 0)::numeric), 0) as checksum
     from ${name}`
  );
  const rows = await sql.unsafe(each.join(" union all "));
  return Object.fromEntries(rows.map(({ name, checksum }) => [name, checksum]));
}

/** Runs `work` and checks that it leaves every row as it was. */
export async function unchanged<T>(work: () => Promise<T>): Promise<T> {
  const before = await checksums();
  const result = await work();
  deepStrictEqual(await checksums(), before, "the database is unchanged");
  return result;
}
