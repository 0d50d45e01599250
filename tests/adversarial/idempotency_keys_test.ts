/** The `Idempotency-Key` header: what is a key, and whose. */

import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { newUser } from "../support/http.ts";
import { connect } from "../support/stack.ts";
import { assertProblem } from "./problem.ts";
import { goodMessage, nameOf, newVictim, type Route, routesOf, takesBody } from "./routes.ts";
import { send, sendRaw } from "./send.ts";

const victim = await newVictim();
const routes = routesOf(victim).filter(takesBody);

const withKey = (route: Route, key: string) =>
  goodMessage(route, { ...route.credentials, "idempotency-key": key });

const noKeys: Record<string, string> = {
  "0 characters": "",
  "0 characters in quotes": '""',
  "256 characters": "k".repeat(256),
  "256 characters in quotes": `"${"k".repeat(256)}"`,
  "10,000 characters": "k".repeat(10_000),
  "a space": "a b",
  "a quote inside": 'a"b',
  "one quote": '"a',
  "two pairs of quotes": '""a""',
  "single quotes": "'a'",
  "a comma, as two headers give": "a, b",
  "a parameter": '"a";p=1',
  "a slash": "a/b",
  "a percent sign": "a%0d%0ab",
  "an apostrophe and SQL": "a'; drop table profiles; --",
  "a letter beyond ASCII": "clé",
  "a tab": "a\tb",
};
for (const [what, key] of Object.entries(noKeys)) {
  Deno.test(`a key of ${what} is refused`, async () => {
    await unchanged(async () => {
      for (const route of routes) {
        const answer = await send(route.method, route.path, withKey(route, key));
        assertProblem(answer, 400, "IDEMPOTENCY_KEY_INVALID", nameOf(route));
      }
    });
  });
}

Deno.test("a key of bytes that are no UTF-8 is refused", async () => {
  await unchanged(async () => {
    for (const route of routes) {
      const body = JSON.stringify(route.body);
      const headers = [
        "content-type: application/json",
        `content-length: ${body.length}`,
        ...Object.entries(route.credentials).map(([name, value]) => `${name}: ${value}`),
        "idempotency-key: a\xff\xfe",
      ];
      const answer = await sendRaw(route.method, route.path, headers, { body });
      match(answer, /^HTTP\/1.1 400 [^]*IDEMPOTENCY_KEY_INVALID/, nameOf(route));
    }
  });
});

const keys: Record<string, string> = {
  "1 character": "k",
  "255 characters": "k".repeat(255),
  "255 characters in quotes": `"${"q".repeat(255)}"`,
  "every character that is allowed": "AZaz09_:.-",
  "the name of a member of every object": "__proto__",
};
// Connected before the first test, so that no test is said to leave it open.
const sql = connect({ max: 1 });
await sql`select`;
for (const [what, key] of Object.entries(keys)) {
  Deno.test(`a key of ${what} is accepted, and makes the second request a replay`, async () => {
    for (const { endpoint } of routes) {
      // They keep no key: doing them again does nothing.
      if (["sweep", "issueTicket"].includes(endpoint.id)) continue;
      const route = routesOf(await newVictim()).find((one) => one.endpoint === endpoint)!;
      // The keys of a topic are everybody's, and may be those of a former run.
      await sql`delete from private.idempotency_keys where operation like 'publish %'`;
      const first = await send(route.method, route.path, withKey(route, key));
      const second = await send(route.method, route.path, withKey(route, key));
      strictEqual(first.status < 300, true, `${nameOf(route)}: ${first.text}`);
      strictEqual(first.headers.get("idempotent-replayed"), null, nameOf(route));
      strictEqual(second.headers.get("idempotent-replayed"), "true", nameOf(route));
      deepStrictEqual(JSON.parse(second.text), JSON.parse(first.text), nameOf(route));
    }
  });
}

Deno.test("a key is the same with and without quotes", async () => {
  const user = await newUser();
  const reserve = (key: string) =>
    user.post("/check-and-deduct-credit", { type: "draft" }, { "idempotency-key": key });
  const first = await reserve("same");
  const second = await reserve('"same"');
  strictEqual(second.headers.get("idempotent-replayed"), "true");
  deepStrictEqual(second.body, first.body);
});

Deno.test("a key that was used for another request is refused", async () => {
  const user = await newUser();
  const reserve = (type: string) =>
    user.post("/check-and-deduct-credit", { type }, { "idempotency-key": "one" });
  await reserve("draft");
  await unchanged(async () => {
    const reply = await reserve("poster");
    strictEqual(reply.status, 422);
    strictEqual(reply.body.code, "IDEMPOTENCY_KEY_REUSED");
  });
});

Deno.test("a key of somebody else is a key of one's own", async () => {
  const [a, b] = [await newUser(), await newUser()];
  const replies = [];
  for (const user of [a, b]) {
    replies.push(
      await user.post("/check-and-deduct-credit", { type: "draft" }, { "idempotency-key": "ours" }),
    );
  }
  strictEqual(replies[1]?.headers.get("idempotent-replayed"), null);
  strictEqual(replies[0]?.body.generation_id === replies[1]?.body.generation_id, false);
  strictEqual(await b.credits(), 9);
});

Deno.test("a refused key is not remembered", async () => {
  const user = await newUser(0);
  const reserve = () =>
    user.post("/check-and-deduct-credit", { type: "draft" }, { "idempotency-key": "later" });
  strictEqual((await unchanged(reserve)).status, 402);
  const { body } = await user.post("/refund-credit", {}, { "idempotency-key": "later" });
  strictEqual(body.code, "NOTHING_TO_REFUND");
});
