/** Publishers that meet on one topic. `deno task test:mutants` shows that these tests fail without the topic's lock. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type postgres from "postgres";
import { connect } from "../support/stack.ts";
import { Sessions, type Work } from "./sessions.ts";

const PUBLISHERS = 64;
const CALLS_EACH = 20;
const SUBJECTS = ["order-1", "order-2", "order-3"];
const STATUSES = ["placed", "paid"];

/** A topic of the test's own, which goes with its notifications. */
class Topic implements AsyncDisposable {
  readonly name = `race-${crypto.randomUUID()}`;

  private constructor(readonly sql: postgres.Sql) {}

  static async declare(sql: postgres.Sql, dedupSeconds: number): Promise<Topic> {
    const topic = new Topic(sql);
    await sql`
      insert into topics (name, audience, dedup_seconds)
      values (${topic.name}, 'authenticated', ${dedupSeconds})`;
    return topic;
  }

  publish(subject: string, status: string): Work {
    return (sql) =>
      sql`select publish_notification(${this.name}, 'order', ${subject}, ${status}) as answer`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sql`delete from topic_notifications where topic = ${this.name}`;
    await this.sql`delete from topics where name = ${this.name}`;
  }
}

/** What one call said, and when by the server's clock it was begun and, under the lock still, done. */
interface Call {
  subject: string;
  status: string;
  /** Made anew for each call, so that a stored one is known again. */
  payload: string;
  published: boolean;
  id: number;
  begun: number;
  done: number;
}

interface Stored {
  id: number;
  subject: string;
  status: string;
  payload: string;
  at: number;
}

async function publishAtOnce(topic: Topic): Promise<Call[]> {
  const pick = (list: string[]) => list[Math.floor(Math.random() * list.length)] ?? "";
  const calls: Call[] = [];
  const sql = connect({ max: PUBLISHERS });
  try {
    await Promise.all(Array.from({ length: PUBLISHERS }, async () => {
      for (let i = 0; i < CALLS_EACH; i++) {
        const made = {
          subject: pick(SUBJECTS),
          status: pick(STATUSES),
          payload: crypto.randomUUID(),
        };
        const [row] = await sql`
          with begun as materialized (select extract(epoch from clock_timestamp())::float8 as begun),
          published as materialized (
            select begun, publish_notification(
              ${topic.name}, 'order', ${made.subject}, ${made.status}, to_jsonb(${made.payload}::text)
            ) as answer
            from begun
          )
          select begun, answer, extract(epoch from clock_timestamp())::float8 as done from published`;
        const { answer, begun, done } = row as postgres.Row;
        strictEqual(answer.success, true, JSON.stringify(answer));
        calls.push({ ...made, published: answer.published, id: answer.id, begun, done });
      }
    }));
  } finally {
    await sql.end();
  }
  return calls;
}

async function stored(topic: Topic): Promise<Stored[]> {
  return await topic.sql<Stored[]>`
    select id::integer, subject, status, payload #>> '{}' as payload,
      extract(epoch from created_at)::float8 as at
    from topic_notifications where topic = ${topic.name} order by id`;
}

/** Holds what was answered against what is stored: nothing is lost, and no duplicate decided wrongly. */
function assertExact(calls: Call[], rows: Stored[], window: number): void {
  deepStrictEqual(rows.map(({ id }) => id), rows.map((_, index) => index + 1), "ids have no gap");
  const accepted = calls.filter(({ published }) => published).sort((a, b) => a.id - b.id);
  deepStrictEqual(
    accepted.map(({ id, payload }) => ({ id, payload })),
    rows.map(({ id, payload }) => ({ id, payload })),
    "what was accepted is stored, under the id that was answered, and nothing else is",
  );
  for (const subject of SUBJECTS) {
    const own = rows.filter((row) => row.subject === subject);
    for (const [index, row] of own.entries()) {
      const before = own[index - 1];
      const isNews = before?.status !== row.status || row.at - before.at >= window;
      ok(isNews, `${row.id} repeats ${before?.id}, and was stored all the same`);
    }
  }
  for (const [index, row] of rows.entries()) {
    ok(row.at >= (rows[index - 1]?.at ?? 0), `${row.id} is dated before the one that it follows`);
  }
  for (const subject of SUBJECTS) {
    const own = rows.filter((row) => row.subject === subject);
    for (const call of calls.filter((call) => !call.published && call.subject === subject)) {
      const place = own.findIndex(({ id }) => id === call.id);
      const repeated = own[place];
      const next = own[place + 1];
      strictEqual(repeated?.status, call.status, "a duplicate names the one that it repeats");
      ok(repeated.at <= call.done && repeated.at > call.begun - window, "which is in its window");
      ok(next === undefined || next.at >= call.done, "and is its subject's newest");
    }
  }
}

for (const window of [3600, 0.02]) {
  Deno.test(`64 publishers at once: nothing lost, duplicates exact, within ${window} seconds`, async () => {
    const sql = connect({ max: 1 });
    try {
      await using topic = await Topic.declare(sql, window);
      const calls = await publishAtOnce(topic);
      const rows = await stored(topic);
      assertExact(calls, rows, window);
      const [row] = await sql`select version::integer from topics where name = ${topic.name}`;
      strictEqual(row?.["version"], rows.length, "the topic knows its newest");
      ok(rows.length < calls.length, "there were duplicates");
      const returned = SUBJECTS.some((subject) => {
        const statuses = rows.filter((row) => row.subject === subject).map(({ status }) => status);
        return /placed,paid,placed/.test(statuses.join());
      });
      ok(returned, "and statuses that came back");
    } finally {
      await sql.end();
    }
  });
}

Deno.test("two publishers of one status: the second waits and is the duplicate", async () => {
  await using sessions = new Sessions();
  await using topic = await Topic.declare(sessions.sql, 3600);
  const placed = topic.publish("order-1", "placed");
  const [first, second] = await sessions.race(placed, placed, "commit");
  deepStrictEqual(first, { success: true, published: true, id: 1 });
  strictEqual(second.published, false, "the second repeats the first");
  strictEqual(second.id, 1);
});

Deno.test("two publishers of one status: the second is the news when the first is rolled back", async () => {
  await using sessions = new Sessions();
  await using topic = await Topic.declare(sessions.sql, 3600);
  const placed = topic.publish("order-1", "placed");
  const [, second] = await sessions.race(placed, placed, "rollback");
  deepStrictEqual(second, { success: true, published: true, id: 1 });
});

Deno.test("a trim and a publisher: neither waits for the other", async () => {
  await using sessions = new Sessions();
  await using topic = await Topic.declare(sessions.sql, 3600);
  const trim: Work = (sql) => sql`select private.trim_notifications() as answer`;
  const outdate = () =>
    sessions.sql`
      update topic_notifications set created_at = created_at - interval '31 days'
      where topic = ${topic.name}`;
  await sessions.call(topic.publish("order-1", "placed"));
  await outdate();
  // The same subject: the publisher looks at the very row that is on its way out.
  const [trimmed, published] = await sessions.overtake(trim, topic.publish("order-1", "placed"));
  ok(trimmed >= 1);
  strictEqual(published.published, true);
  await outdate();
  const [again, trimmedAgain] = await sessions.overtake(topic.publish("order-1", "paid"), trim);
  strictEqual(again.id, 3);
  ok(trimmedAgain >= 1);
  deepStrictEqual((await stored(topic)).map(({ id }) => id), [3]);
});
