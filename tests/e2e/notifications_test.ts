import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { newUser, operate } from "../support/http.ts";
import { connect } from "../support/stack.ts";

// Connected before the first test, so that no test is said to leave it open.
const sql = connect();
await sql`select 1`;

async function newTopic(more: Record<string, unknown> = {}): Promise<string> {
  const name = `test-${crypto.randomUUID().slice(0, 8)}`;
  await sql`insert into topics ${sql({ name, dedup_seconds: 3600, ...more })}`;
  return name;
}

const publish = (topic: string, status: string, more = {}, headers = {}) =>
  operate(
    "POST",
    "/operations/notifications",
    { topic, kind: "order", subject: "A-1", status, payload: {}, ...more },
    headers,
  );

Deno.test("a notification is stored once while its subject's newest has the same status, and A, B, A all are", async () => {
  const topic = await newTopic();
  const answers = [];
  for (const status of ["A", "A", "B", "B", "A"]) answers.push((await publish(topic, status)).body);
  deepStrictEqual(answers, [
    { published: true, id: 1 },
    { published: false, id: 1 },
    { published: true, id: 2 },
    { published: false, id: 2 },
    { published: true, id: 3 },
  ]);
  deepStrictEqual((await publish(topic, "A", { subject: "A-2" })).body, { published: true, id: 4 });
});

Deno.test("the window counts from the last one accepted, and after it the same status is news", async () => {
  const topic = await newTopic();
  await publish(topic, "A");
  await publish(topic, "A");
  await sql`
    update topic_notifications set created_at = created_at - interval '3601 seconds' where topic = ${topic}`;
  strictEqual((await publish(topic, "A")).body.published, true);
});

Deno.test("a notification with a key is published once, whatever its status is by then", async () => {
  const topic = await newTopic({ dedup_seconds: 0 });
  const key = { "idempotency-key": "notice-1" };
  const first = await publish(topic, "A", {}, key);
  const again = await publish(topic, "A", {}, key);
  deepStrictEqual(again.body, first.body);
  strictEqual(again.headers.get("idempotent-replayed"), "true");
  const other = await publish(topic, "B", {}, key);
  deepStrictEqual([other.status, other.body.code], [422, "IDEMPOTENCY_KEY_REUSED"]);
});

Deno.test("an app publishes within its own transaction: what is rolled back was never there", async () => {
  const topic = await newTopic();
  const rolledBack = sql.begin(async (sql) => {
    await sql`select publish_notification(${topic}, 'order', 'A-1', 'paid')`;
    throw new Error("the order could not be paid");
  });
  await rejects(rolledBack, /could not be paid/);
  deepStrictEqual((await publish(topic, "paid")).body, { published: true, id: 1 });
});

Deno.test("a topic that there is not, and a payload that is too large, are refused", async () => {
  const unknown = await publish("nothing", "A");
  deepStrictEqual([unknown.status, unknown.body.code], [404, "UNKNOWN_TOPIC"]);
  const topic = await newTopic();
  const large = await publish(topic, "A", { payload: { text: "x".repeat(33_000) } });
  deepStrictEqual([large.status, large.body.code], [400, "INVALID_REQUEST"]);
  strictEqual((await publish(topic, "A")).body.id, 1, "nothing was counted");
});

Deno.test("users publish nothing", async () => {
  const user = await newUser();
  const body = { topic: "orders", kind: "x", subject: "x", status: "x" };
  strictEqual((await user.post("/operations/notifications", body)).status, 403);
});

Deno.test("notifications older than their topic keeps are trimmed, and others are not", async () => {
  const topic = await newTopic({ retention_days: 7 });
  for (const subject of ["old", "older", "new"]) await publish(topic, "A", { subject });
  await sql`
    update topic_notifications set created_at = now() - interval '8 days' where topic = ${topic} and id < 3`;
  const [row] = await sql`select private.trim_notifications() as trimmed`;
  ok(row!["trimmed"] >= 2);
  const left = await sql`select id from topic_notifications where topic = ${topic}`;
  deepStrictEqual(left.map(({ id }) => Number(id)), [3]);
  strictEqual((await publish(topic, "B", { subject: "new" })).body.id, 4, "numbers go on");
});
