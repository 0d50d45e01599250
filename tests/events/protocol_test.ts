import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from "node:assert/strict";
import { listen } from "../support/event_stream.ts";
import { logLength, logSince } from "../support/function_log.ts";
import { call, newUser, operate, type User } from "../support/http.ts";
import { connect, stack } from "../support/stack.ts";
import { claimsOf, sign } from "../support/tokens.ts";

// Connected before the first test, so that no test is said to leave it open.
const sql = connect();
await sql`select 1`;

/** A topic of a test's own. */
async function newTopic(more: Record<string, unknown> = {}): Promise<string> {
  const name = `test-${crypto.randomUUID().slice(0, 8)}`;
  await sql`insert into topics ${sql({ name, dedup_seconds: 0, ...more })}`;
  return name;
}

async function publish(topic: string, subject = "A-1", payload: unknown = {}): Promise<number> {
  const [row] = await sql`
    select publish_notification(${topic}, 'order.paid', ${subject}, 'paid', ${
    sql.json(payload as never)
  }) as answer`;
  return row!["answer"].id;
}

async function grant(user: User): Promise<void> {
  const body = { user_id: user.id, amount: 1, reason: "test" };
  strictEqual((await operate("POST", "/operations/grants", body)).status, 200);
}

const put = (user: User, topic: string, body: unknown) =>
  call("PUT", `/account/preferences/${topic}`, {
    body,
    headers: { authorization: `Bearer ${user.token}` },
  });

async function refusal(query: string, headers: Record<string, string>): Promise<[number, string]> {
  const { status, body } = await call("GET", `/events${query}`, { headers });
  return [status, body.code];
}

const bearer = ({ token }: { token: string }) => ({ authorization: `Bearer ${token}` });

Deno.test("a stream says hello with a snapshot, then each change of the account and each notification", async () => {
  const user = await newUser(10);
  const topic = await newTopic();
  for (let n = 1; n <= 60; n++) await publish(topic, `A-${n}`);
  await using stream = await listen(user, { topics: `account,${topic}` });
  strictEqual(stream.headers.get("content-type"), "text/event-stream");
  strictEqual(stream.headers.get("cache-control"), "no-store, no-transform");
  const hello = await stream.next();
  const { body: account } = await user.get("/account");
  const { epoch, ...snapshot } = account;
  strictEqual(hello?.event, "hello");
  strictEqual(hello?.id, `${epoch};account=${account.version};${topic}=60`);
  strictEqual(hello?.data.epoch, epoch);
  deepStrictEqual(hello?.data.account, snapshot);
  const newest = hello?.data.topics[topic].newest.map(({ id }: { id: number }) => id);
  deepStrictEqual(newest, Array.from({ length: 50 }, (_, index) => index + 11));

  await user.post("/check-and-deduct-credit", { type: "draft" });
  const reserved = await stream.next();
  strictEqual(reserved?.event, "account");
  strictEqual(reserved?.id, `${epoch};account=${account.version + 1};${topic}=60`);
  strictEqual(reserved?.data.type, "generation.reserved");
  strictEqual(reserved?.data.balance, 9);
  strictEqual(reserved?.data.version, account.version + 1);
  const { body: published } = await operate("POST", "/operations/notifications", {
    topic,
    kind: "order.paid",
    subject: "B-1",
    status: "paid",
    payload: { total: "12.50" },
  });
  deepStrictEqual(published, { published: true, id: 61 });
  const notification = await stream.next();
  strictEqual(notification?.event, "notification");
  strictEqual(notification?.id, `${epoch};account=${account.version + 1};${topic}=61`);
  const { created_at, ...told } = notification?.data ?? {};
  ok(Date.parse(created_at) > 0);
  const payload = { total: "12.50" };
  const what = { kind: "order.paid", subject: "B-1", status: "paid", payload };
  deepStrictEqual(told, { topic, id: 61, ...what });
});

Deno.test("a stream that is asked for nothing but topics tells nothing of the account", async () => {
  const user = await newUser();
  const topic = await newTopic();
  await using stream = await listen(user, { topics: topic });
  const hello = await stream.next();
  ok(!("account" in hello!.data));
  doesNotMatch(hello!.id, /account/);
  await grant(user);
  await publish(topic);
  strictEqual((await stream.next())?.event, "notification");
});

for (const how of ["header", "parameter"]) {
  Deno.test(`a stream goes on from a cursor in a ${how}, with what came meanwhile, in order`, async () => {
    const user = await newUser();
    const topic = await newTopic();
    let cursor;
    {
      await using stream = await listen(user, { topics: `account,${topic}` });
      cursor = (await stream.next())!.id;
    }
    await grant(user);
    await publish(topic, "A-1");
    await grant(user);
    await publish(topic, "A-2");
    const query = { topics: `account,${topic}` };
    await using stream = how === "header"
      ? await listen(user, query, { "last-event-id": cursor })
      : await listen(user, { ...query, last_event_id: cursor });
    const hello = await stream.next();
    strictEqual(hello?.id, cursor);
    deepStrictEqual(hello?.data.topics[topic].newest, []);
    const missed = [];
    for (let i = 0; i < 4; i++) missed.push((await stream.next())!);
    const at = hello!.data.account.version;
    deepStrictEqual(missed.filter(({ event }) => event === "account").map((e) => e.data.version), [
      at - 1,
      at,
    ]);
    deepStrictEqual(
      missed.filter(({ event }) => event === "notification").map((e) => e.data.id),
      [1, 2],
    );
  });
}

Deno.test("the header goes before the parameter, which an EventSource repeats when it comes again", async () => {
  const user = await newUser();
  await grant(user);
  await grant(user);
  const { body: { epoch, version } } = await user.get("/account");
  await using stream = await listen(user, { last_event_id: `${epoch};account=1` }, {
    "last-event-id": `${epoch};account=${version - 1}`,
  });
  await stream.next();
  strictEqual((await stream.next())?.data.version, version);
});

Deno.test("a topic that a cursor does not name begins with its newest, and the others go on", async () => {
  const user = await newUser();
  const topic = await newTopic();
  await publish(topic);
  const { body: { epoch, version } } = await user.get("/account");
  await grant(user);
  await using stream = await listen(user, { topics: `account,${topic}` }, {
    "last-event-id": `${epoch};account=${version}`,
  });
  const hello = await stream.next();
  strictEqual(hello?.data.topics[topic].newest.length, 1);
  strictEqual(hello?.id, `${epoch};account=${version};${topic}=1`);
  strictEqual((await stream.next())?.data.version, version + 1);
});

Deno.test("a cursor that cannot be gone on from is told to begin anew, with a snapshot", async () => {
  const user = await newUser();
  const topic = await newTopic();
  const { body: { epoch, version } } = await user.get("/account");
  await sql`
    select publish_notification(${topic}, 'x', n::text, 'x') from generate_series(1, 1010) n`;
  await sql`delete from topic_notifications where topic = ${topic} and id <= 800`;
  const now = `${epoch};account=${version};${topic}=1010`;
  const cases = {
    "of another epoch": `${epoch - 1};account=${version};${topic}=1010`,
    "ahead of the account": `${epoch};account=${version + 1};${topic}=1010`,
    "ahead of the topic": `${epoch};account=${version};${topic}=1011`,
    "too far behind": `${epoch};account=${version};${topic}=9`,
    "of before what is kept": `${epoch};account=${version};${topic}=799`,
  };
  for (const [what, cursor] of Object.entries(cases)) {
    await using stream = await listen(user, { topics: `account,${topic}` }, {
      "last-event-id": cursor,
    });
    strictEqual((await stream.next())?.id, cursor, what);
    const reset = await stream.next();
    strictEqual(reset?.event, "reset", what);
    strictEqual(reset?.id, now, what);
    strictEqual(reset?.data.account.version, version, what);
    strictEqual(reset?.data.topics[topic].newest.length, 50, what);
  }
  await using stream = await listen(user, { topics: topic }, {
    "last-event-id": `${epoch};${topic}=800`,
  });
  await stream.next();
  strictEqual((await stream.next())?.data.id, 801, "the oldest that is kept");
});

Deno.test("an open stream is told to begin anew when the epoch is rotated", async () => {
  const user = await newUser();
  await using stream = await listen(user, { topics: "account" });
  const { data: { epoch } } = (await stream.next())!;
  await sql`select rotate_epoch()`;
  const reset = await stream.next();
  strictEqual(reset?.event, "reset");
  ok(reset!.data.epoch > epoch);
  await grant(user);
  strictEqual((await stream.next())?.data.version, reset?.data.account.version + 1);
});

Deno.test("a rule that changes, and a topic that goes, are told to open streams; the others go on", async () => {
  const user = await newUser();
  const [ruled, gone, kept] = [await newTopic(), await newTopic(), await newTopic()];
  await using stream = await listen(user, { topics: `${ruled},${gone},${kept}` });
  await stream.next();
  await sql`
    update topics set audience = 'owner', owner_id = ${crypto.randomUUID()} where name = ${ruled}`;
  await publish(ruled, "not for you");
  deepStrictEqual((await stream.next())?.data, { topic: ruled, reason: "forbidden" });
  await sql`delete from topics where name = ${gone}`;
  const revoked = await stream.next();
  deepStrictEqual(revoked?.data, { topic: gone, reason: "gone" });
  match(revoked!.id, new RegExp(`^\\d+;${kept}=0$`));
  await publish(kept);
  strictEqual((await stream.next())?.data.topic, kept);
  await sql`delete from topics where name = ${kept}`;
  strictEqual((await stream.next())?.event, "revoked");
  strictEqual(await stream.next(), null, "nothing is left to hear");
});

Deno.test("an open stream takes over what the user wants of a topic", async () => {
  const user = await newUser();
  const topic = await newTopic();
  await using stream = await listen(user, { topics: `account,${topic}` });
  await stream.next();
  await put(user, topic, { muted: true });
  strictEqual((await stream.until("account")).data.reason, "notification_preferences");
  // Told after the account's next event: by then the stream has read the preferences.
  await grant(user);
  await stream.until("account");
  await publish(topic);
  await grant(user); // it was heard, and passed over, with this
  await stream.until("account");
  await put(user, topic, { min_interval_seconds: 86_400 });
  await stream.until("account");
  await grant(user);
  await stream.until("account");
  await publish(topic, "waits");
  await publish(topic, "waits, and is newer");
  await grant(user);
  match((await stream.next())!.id, new RegExp(`;${topic}=1$`), "the cursor does not pass them");
  await put(user, topic, {});
  strictEqual((await stream.next())?.data.reason, "notification_preferences");
  strictEqual((await stream.next())?.data.subject, "waits, and is newer");
});

Deno.test("a stream of a closed account says so, and ends; there is no other after it", async () => {
  const user = await newUser();
  await using stream = await listen(user, { topics: "account" });
  await stream.next();
  await sql`delete from auth.users where id = ${user.id}`;
  let last;
  do last = await stream.next(); while (last && last.data.type !== "account.closed");
  ok(last);
  strictEqual(await stream.next(), null);
  deepStrictEqual(await refusal("", bearer(user)), [404, "PROFILE_NOT_FOUND"]);
});

Deno.test("topics are for their audience: the owner, and who has the role, in either claim", async () => {
  const [user, other] = [await newUser(), await newUser()];
  const owned = await newTopic({ audience: "owner", owner_id: user.id });
  const staff = await newTopic({ audience: "role", role: "staff" });
  await using own = await listen(user, { topics: owned });
  strictEqual((await own.next())?.event, "hello");
  deepStrictEqual(await refusal(`?topics=${owned}`, bearer(other)), [403, "FORBIDDEN"]);
  deepStrictEqual(await refusal(`?topics=${staff}`, bearer(user)), [403, "FORBIDDEN"]);
  for (const claims of [{ user_role: "staff" }, { app_metadata: { role: "staff" } }]) {
    const token = await sign(claimsOf(user.id, claims));
    await using stream = await listen({ token }, { topics: staff });
    strictEqual((await stream.next())?.event, "hello");
  }
  const token = await sign(claimsOf(user.id, { user_role: "guest" }));
  deepStrictEqual(await refusal(`?topics=${staff}`, bearer({ token })), [403, "FORBIDDEN"]);
});

Deno.test("what is no stream is refused, before it begins", async () => {
  const user = await newUser();
  const { body: { epoch } } = await user.get("/account");
  const own = bearer(user);
  deepStrictEqual(await refusal("", {}), [401, "MISSING_CREDENTIALS"]);
  deepStrictEqual(await refusal("?ticket=x", own), [401, "INVALID_TICKET"]);
  deepStrictEqual(await refusal("?topics=nothing", own), [404, "UNKNOWN_TOPIC"]);
  const many = Array.from({ length: 21 }, (_, index) => `t${index}`).join();
  for (const topics of ["", ",", "Orders", "a b", "orders,", many]) {
    const query = `?topics=${encodeURIComponent(topics)}`;
    deepStrictEqual(await refusal(query, own), [400, "INVALID_REQUEST"], topics);
  }
  for (const cursor of ["57", "x", `${epoch};account`, `${epoch};account=-1`, "a;account=1"]) {
    if (cursor !== "57") {
      const headers = { ...own, "last-event-id": cursor };
      deepStrictEqual(await refusal("", headers), [400, "INVALID_REQUEST"], cursor);
    }
    const query = `?last_event_id=${encodeURIComponent(cursor)}x`;
    deepStrictEqual(await refusal(query, own), [400, "INVALID_REQUEST"], cursor);
  }
});

Deno.test("a ticket opens a stream as often as it is asked to, and nothing else", async () => {
  const user = await newUser();
  const { status, body } = await user.post("/events/ticket");
  strictEqual(status, 200);
  for (let i = 0; i < 2; i++) {
    await using stream = await listen({ token: "none" }, { ticket: body.ticket });
    const hello = await stream.next();
    strictEqual(hello?.data.account.credits, 10);
    await grant(user);
    await stream.next();
    await operate("POST", "/operations/grants", { user_id: user.id, amount: -1, reason: "test" });
  }
  const asToken = { authorization: `Bearer ${body.ticket}` };
  strictEqual((await call("GET", "/account", { headers: asToken })).status, 401);
  strictEqual((await call("GET", `/account?ticket=${body.ticket}`)).status, 401);
});

Deno.test("a client that leaves, and a HEAD, leave no stream behind", async () => {
  const user = await newUser();
  const offset = await logLength();
  const head = await fetch(`${stack.functionsUrl}/events`, {
    method: "HEAD",
    headers: bearer(user),
  });
  strictEqual(head.status, 200);
  let requestId;
  {
    await using stream = await listen(user, { topics: "account" });
    await stream.next();
    requestId = stream.requestId;
  }
  for (const id of [head.headers.get("x-request-id")!, requestId]) {
    const ended = await ending(offset, id);
    strictEqual(ended.reason, "left");
    strictEqual(ended.user_id, user.id);
  }
});

/** What the log says of the end of a stream, once it does. */
async function ending(offset: number, requestId: string) {
  const until = performance.now() + 20_000;
  while (performance.now() < until) {
    const lines = await logSince(offset, requestId);
    const line = lines.find((line) =>
      line.includes("A stream has ended") && line.includes(requestId)
    );
    if (line) return JSON.parse(line);
  }
  throw new Error(`The stream of the request ${requestId} did not end`);
}
