import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { call, newUser, type User } from "../support/http.ts";
import { connect } from "../support/stack.ts";

const put = (user: User, path: string, body: unknown, headers = {}) =>
  call("PUT", path, { body, headers: { authorization: `Bearer ${user.token}`, ...headers } });

Deno.test("who has set nothing hears everything of a topic, at once", async () => {
  const user = await newUser();
  const { status, body } = await user.get("/account/preferences/orders");
  strictEqual(status, 200);
  const { epoch: _, ...told } = body;
  deepStrictEqual(told, {
    topic: "orders",
    muted: false,
    min_interval_seconds: 0,
    credits: 10,
    version: 1,
  });
});

Deno.test("what is set is told, moves the version, and is nobody else's", async () => {
  const [user, other] = [await newUser(), await newUser()];
  const set = await put(user, "/account/preferences/orders", { min_interval_seconds: 60 });
  strictEqual(set.status, 200);
  strictEqual(set.body.version, 2);
  const { body } = await user.get("/account/preferences/orders");
  deepStrictEqual(body, set.body);
  strictEqual(body.min_interval_seconds, 60);
  await put(user, "/account/preferences/orders", { muted: true });
  const muted = await user.get("/account/preferences/orders");
  // A PUT says all of it: what it leaves out is as it is without one.
  deepStrictEqual([muted.body.muted, muted.body.min_interval_seconds], [true, 0]);
  strictEqual((await other.get("/account/preferences/orders")).body.muted, false);
});

Deno.test("preferences validate: 304 until they change", async () => {
  const user = await newUser();
  const { headers } = await user.get("/account/preferences/orders");
  const known = { "if-none-match": headers.get("etag")! };
  strictEqual((await user.get("/account/preferences/orders", known)).status, 304);
  await put(user, "/account/preferences/orders", { muted: true });
  strictEqual((await user.get("/account/preferences/orders", known)).body.muted, true);
});

Deno.test("preferences with a key are set once", async () => {
  const user = await newUser();
  const key = { "idempotency-key": "preferences-1" };
  const first = await put(user, "/account/preferences/orders", { muted: true }, key);
  await put(user, "/account/preferences/orders", { muted: false });
  const again = await put(user, "/account/preferences/orders", { muted: true }, key);
  deepStrictEqual(again.body, first.body);
  strictEqual(again.headers.get("idempotent-replayed"), "true");
  strictEqual((await user.get("/account/preferences/orders")).body.muted, false);
});

Deno.test("a topic that there is not has no preferences", async () => {
  const user = await newUser();
  for (const name of ["nothing", "Orders", "a%20b"]) {
    const path = `/account/preferences/${name}`;
    for (const { status, body } of [await user.get(path), await put(user, path, {})]) {
      deepStrictEqual([status, body.code], [404, "UNKNOWN_TOPIC"], name);
    }
  }
});

Deno.test("preferences that make no sense are refused, and named", async () => {
  const user = await newUser();
  const wrong: [string, unknown][] = [
    ["muted", { muted: "yes" }],
    ["min_interval_seconds", { min_interval_seconds: -1 }],
    ["min_interval_seconds", { min_interval_seconds: 86_401 }],
    ["min_interval_seconds", { min_interval_seconds: 1.5 }],
  ];
  for (const [field, body] of wrong) {
    const reply = await put(user, "/account/preferences/orders", body);
    strictEqual(reply.body.code, "INVALID_REQUEST");
    strictEqual(reply.body.fields[0].field, field);
  }
});

Deno.test("a user reads the own preferences through PostgREST, and nobody else's", async () => {
  const [user, other] = [await newUser(), await newUser()];
  await put(user, "/account/preferences/orders", { muted: true });
  await put(other, "/account/preferences/orders", { muted: true });
  const sql = connect();
  const users = await sql.begin(async (sql) => {
    const claims = JSON.stringify({ sub: user.id, role: "authenticated" });
    await sql`select set_config('request.jwt.claims', ${claims}, true)`;
    await sql`set local role authenticated`;
    return await sql`select user_id from topic_preferences`;
  });
  deepStrictEqual(users.map((row) => row["user_id"]), [user.id]);
  await sql.end();
});
