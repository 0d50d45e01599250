import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { assertLedger } from "../support/ledger.ts";
import { connect } from "../support/stack.ts";

Deno.test("pg_cron's own minute tick refunds a generation that is really stuck", async () => {
  const sql = connect();
  const user = crypto.randomUUID();
  await sql`insert into profiles (id, credits) values (${user}, 10)`;
  const [submitted] = await sql`
    select submit_generation(${user}, 'image', '{"prompt":"x"}')->>'generation_id' as id`;
  await sql`update generation_jobs set deadline_at = now() - interval '1 second' where id = ${
    submitted?.["id"]
  }`;

  // A tick comes with every minute, and nothing tells of it: bounded by two of them.
  const until = performance.now() + 125_000;
  let status: unknown;
  do {
    [{ status }] = await sql`
      select status, pg_sleep(1) from generation_jobs where id = ${
      submitted?.["id"]
    }` as unknown as [
      { status: string },
    ];
  } while (status === "processing" && performance.now() < until);

  strictEqual(status, "expired");
  const [event] = await sql`
    select type, delta, reason, actor from account_events where user_id = ${user} order by version desc limit 1`;
  deepStrictEqual({ ...event }, {
    type: "generation.expired",
    delta: 1,
    reason: "deadline_passed",
    actor: "sweeper",
  });
  const runs = await sql`
    select d.status from cron.job_run_details d join cron.job j using (jobid)
    where j.jobname = 'refund-stuck-generations' and d.status = 'succeeded'`;
  ok(runs.length > 0);
  await assertLedger(sql, user);
  await sql.end();
});
