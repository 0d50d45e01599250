/** What a client sends stays what it is: it makes no header, no line of the log, no statement. */

import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { logLength, logSince } from "../support/function_log.ts";
import { operate } from "../support/http.ts";
import { stack } from "../support/stack.ts";
import { assertProblem } from "./problem.ts";
import { goodMessage, nameOf, needsCredentials, newVictim, routesOf } from "./routes.ts";
import { send, sendRaw } from "./send.ts";

const FORGED = 'x\r\nset-cookie: evil=1\r\n\r\n{"level":"info","message":"forged"}\n';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const victim = await newVictim();
const routes = routesOf(victim);

/** The entries that the functions wrote since, each of which must be one JSON object on one line. */
async function entriesSince(offset: number, requestId: string) {
  const lines = await logSince(offset, requestId);
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const entry of entries) {
    ok(typeof entry["time"] === "string" && typeof entry["message"] === "string");
    ok(entry["message"] !== "forged");
  }
  return entries;
}

const ofRequest = (entries: Record<string, unknown>[], id: string) =>
  entries.filter(({ request_id }) => request_id === id);

Deno.test("a reason with line breaks stays in one line of the log", async () => {
  const victim = await newVictim();
  const offset = await logLength();
  const reply = await victim.post("/refund-credit", {
    generation_id: victim.reservation,
    reason: FORGED,
  });
  strictEqual(reply.status, 200);
  const id = reply.headers.get("x-request-id") ?? "";
  const entries = ofRequest(await entriesSince(offset, id), id);
  strictEqual(entries.length, 2);
  ok(String(entries[0]?.["message"]).endsWith(`due to ${FORGED.trim()}`));
  const history = await victim.get("/account/history?limit=1");
  strictEqual(history.body.events[0].reason, FORGED.trim());
});

Deno.test("a reason with SQL, HTML or a template is kept as it is", async () => {
  const reasons = [
    "'; drop table public.profiles; --",
    "$1 $$ \\' {{7*7}} ${7*7} %s %n",
    "<script>alert(1)</script>",
    "\u2028\u202e\u0007",
  ];
  for (const reason of reasons) {
    await operate("POST", "/operations/grants", { user_id: victim.id, amount: 1, reason });
    const { body } = await victim.get("/account/history?limit=1");
    strictEqual(body.events[0].reason, reason.trim());
  }
});

Deno.test("the request id is ours, whatever the client sends", async () => {
  for (const route of routes) {
    for (const sent of ["evil", crypto.randomUUID(), 'a","level":"forged']) {
      const headers = { "x-request-id": sent, "x-correlation-id": sent, "cf-ray": sent };
      const answer = await send(route.method, `${route.path}?x`, { headers });
      match(answer.headers.get("x-request-id") ?? "", UUID, nameOf(route));
      ok(!JSON.stringify([...answer.headers]).includes(sent), nameOf(route));
      ok(!answer.text.includes(sent), nameOf(route));
    }
  }
});

Deno.test("every request has one line in the log, with no credential and no query in it", async () => {
  const offset = await logLength();
  const ids: string[] = [];
  await unchanged(async () => {
    for (const route of routes) {
      const path = `${route.path}?token=${victim.token}&x=s3cret-query`;
      const answer = await send(route.method, path, goodMessage(route));
      ids.push(answer.headers.get("x-request-id") ?? "");
      const headers = { authorization: `Bearer ${victim.token}x`, apikey: `${stack.secretKey}x` };
      const refused = await send(route.method, route.path, goodMessage(route, headers));
      if (needsCredentials(route)) {
        assertProblem(refused, 401, ["INVALID_JWT", "INVALID_API_KEY"], nameOf(route));
      }
      ids.push(refused.headers.get("x-request-id") ?? "");
    }
  });
  const entries = await entriesSince(offset, ids.at(-1) ?? "");
  const text = JSON.stringify(entries);
  for (const secret of [victim.token, stack.secretKey, stack.publishableKey, "s3cret-query"]) {
    ok(!text.includes(secret));
  }
  for (const id of ids) strictEqual(ofRequest(entries, id).length, 1, id);
});

Deno.test("an encoded line break in the path makes no header and no line", async () => {
  const offset = await logLength();
  const paths = [
    "/account/%0d%0aset-cookie:%20evil=1",
    "/account/generations/%0a%7B%22level%22:1%7D",
  ];
  const ids: string[] = [];
  for (const path of paths) {
    const answer = await send("GET", path, {
      headers: { authorization: `Bearer ${victim.token}` },
    });
    assertProblem(answer, 404, ["NOT_FOUND", "GENERATION_NOT_FOUND"], `GET ${path}`);
    strictEqual(answer.headers.get("location"), null);
    ids.push(answer.headers.get("x-request-id") ?? "");
  }
  const entries = await entriesSince(offset, ids.at(-1) ?? "");
  deepStrictEqual(ids.map((id) => ofRequest(entries, id).length), [1, 1]);
});

const lines: Record<string, string[]> = {
  "a line break": ["idempotency-key: a\r\nset-cookie: evil=1"],
  "a folded line": ["idempotency-key: a\r\n set-cookie: evil=1"],
  "a carriage return": ["idempotency-key: a\rset-cookie: evil=1"],
  "a line feed": ["idempotency-key: a\nset-cookie: evil=1"],
  "a NUL": ["idempotency-key: a\0b"],
};
for (const [what, headers] of Object.entries(lines)) {
  for (const name of ["idempotency-key", "x-request-id", "prefer"]) {
    Deno.test(`${what} in ${name} comes back in no header`, async () => {
      // Refused, by the server or by us: without credentials there is nothing else to do.
      await unchanged(async () => {
        for (const route of routes.filter(needsCredentials)) {
          const sent = headers.map((line) => line.replace("idempotency-key", name));
          const answer = await sendRaw(route.method, route.path, sent);
          match(answer, /^HTTP\/1.1 4|^$/, nameOf(route));
          doesNotMatch(answer, /evil/, nameOf(route));
        }
      });
    });
  }
}

Deno.test("what a client says of itself and of the way it came changes nothing", async () => {
  await unchanged(async () => {
    for (const route of routes.filter(needsCredentials)) {
      const headers = {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "evil.example",
        "x-original-url": "/operations/openapi",
        "x-rewrite-url": "/operations/openapi",
        "x-supabase-auth": "service_role",
        role: "service_role",
        forwarded: "for=127.0.0.1",
      };
      const answer = await send(route.method, route.path, goodMessage(route, headers));
      assertProblem(answer, 401, "MISSING_CREDENTIALS", nameOf(route));
    }
  });
});

Deno.test("Location is a path, whatever host the client names", async () => {
  const user = await newVictim();
  const { headers } = await user.post("/submit-generation", {
    type: "draft",
    input: { prompt: "x" },
  }, { "x-forwarded-host": "evil.example", prefer: "wait=20" });
  match(headers.get("location") ?? "", /^\/functions\/v1\/account\/generations\/[0-9a-f-]{36}$/);
});
