import { ok } from "node:assert/strict";
import type postgres from "postgres";
import { assertLedger } from "../support/ledger.ts";
import { connect } from "../support/stack.ts";
import { complete, fail, refund, reserve, submit, sweep, type Work } from "./sessions.ts";

const SESSIONS = 12;
const CALLS_EACH = 150;

/** A number below `n`. */
const below = (n: number) => Math.floor(Math.random() * n);

Deno.test("twelve sessions doing everything at once to three accounts keep every ledger exact", async () => {
  const sql = connect({ max: SESSIONS });
  const users = Array.from({ length: 3 }, () => crypto.randomUUID());
  for (const id of users) await sql`insert into profiles (id, credits) values (${id}, 40)`;
  const generations: string[] = [];
  let busy = 0;

  async function once(): Promise<void> {
    const user = users[below(users.length)] as string;
    const generation = generations[below(generations.length)];
    const choices: Work[] = [
      reserve(user),
      submit(user),
      submit(user, { key: `key-${below(20)}` }),
      refund(user),
      sweep(),
      ...(generation
        ? [complete(generation), fail(generation), submit(user, { id: generation })]
        : []),
      (sql) => sql`select grant_credits(${user}, ${below(7) - 3 || 1}, 'storm') as answer`,
    ];
    // Whatever is unsettled may be overdue at any moment.
    if (below(10) === 0) {
      await sql`
        update generation_jobs set deadline_at = now()
        where user_id = ${user} and status in ('reserved', 'processing')`;
    }
    try {
      const [row] = await (choices[below(choices.length)] as Work)(sql);
      const id = row?.["answer"].generation_id;
      if (id && !generations.includes(id)) generations.push(id);
    } catch (error) {
      // Somebody else held the account for half a second: refused by name, and nothing has happened.
      if ((error as postgres.PostgresError).code !== "55P03") throw error;
      busy++;
    }
  }

  await Promise.all(Array.from({ length: SESSIONS }, async () => {
    for (let i = 0; i < CALLS_EACH; i++) await once();
  }));

  for (const user of users) {
    await assertLedger(sql, user);
    const unpaired = await sql`
      select j.id from generation_jobs j
      left join account_events e on e.generation_id = j.id and e.user_id = j.user_id
      where j.user_id = ${user}
      group by j.id
      having coalesce(sum(e.delta), 0) <> j.refunded - j.cost`;
    ok(unpaired.length === 0, "each generation's events add up to what it cost in the end");
  }
  ok(busy < SESSIONS * CALLS_EACH / 10, `${busy} calls met a busy account`);
  await sql.end();
});
