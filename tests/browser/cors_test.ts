/** Cross-origin access as a real browser grants it. */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  needsCredentials,
  newVictim,
  type Route,
  routesOf,
  type Victim,
} from "../adversarial/routes.ts";
import { unchanged } from "../support/database.ts";
import { logLength, logSince } from "../support/function_log.ts";
import { newUser } from "../support/http.ts";
import { stack } from "../support/stack.ts";
import { fetchIn, openPage, whyNoBrowser } from "./page.ts";

const missing = await whyNoBrowser();

Deno.test("there is a browser, or it is said why not", () => {
  if (missing === null) return;
  // deno-lint-ignore no-console -- whoever runs the tests must learn it.
  console.warn(`Skipped: ${missing}.`);
  if (Deno.env.get("CI") === "true") throw new Error(`With CI=true nothing is skipped: ${missing}`);
});

function browserTest(name: string, fn: () => Promise<void>): void {
  // What Playwright keeps of a browser that is closed goes with the process.
  Deno.test({ name, fn, ignore: missing !== null, sanitizeOps: false, sanitizeResources: false });
}

const url = (path: string) => `${stack.functionsUrl}${path}`;
const bearer = (user: { token: string }) => ({ authorization: `Bearer ${user.token}` });
const json = { "content-type": "application/json" };

/** Every request header of the contract. */
function allowedHeaders(route: Route, victim: Victim): Record<string, string> {
  return {
    authorization: `Bearer ${victim.token}`,
    apikey: stack.publishableKey,
    ...json,
    "idempotency-key": crypto.randomUUID(),
    prefer: "wait=20",
    "if-none-match": '"none"',
    "x-min-version": "1.1",
    "last-event-id": "1",
    "x-client-info": "a-test",
    // Not of the route's credentials: a secret key has no place in a browser. But then nothing would be seen to pass.
    ...(route.for.includes("user") ? {} : route.credentials),
  };
}

browserTest(
  "a page of another origin may send every header of the contract to every route",
  async () => {
    await using foreign = await openPage();
    for (const { endpoint } of routesOf(await newVictim())) {
      const victim = await newVictim();
      const route = routesOf(victim).find((one) => one.endpoint === endpoint)!;
      const offset = await logLength();
      const seen = await fetchIn(foreign.page, url(route.path), {
        method: route.method,
        headers: allowedHeaders(route, victim),
        ...(route.body ? { body: JSON.stringify(route.body) } : {}),
      });
      strictEqual(seen.refused, null, endpoint.id);
      ok(seen.status < 300, `${endpoint.id}: ${JSON.stringify(seen.body)}`);
      // The browser did ask before, and was answered.
      const lines = await logSince(offset, seen.headers["x-request-id"] ?? "");
      const asked = lines.map((line) => JSON.parse(line)).filter(({ method }) =>
        method === "OPTIONS"
      );
      deepStrictEqual(asked.map(({ status, path }) => [status, path]), [[204, route.path]]);
    }
  },
);

browserTest("the browser refuses a header that the contract does not allow", async () => {
  await using foreign = await openPage();
  const victim = await newVictim();
  await unchanged(async () => {
    for (const route of routesOf(victim).filter(needsCredentials)) {
      for (const name of ["x-evil", "x-http-method-override", "x-forwarded-for"]) {
        const seen = await fetchIn(foreign.page, url(route.path), {
          method: route.method,
          headers: { ...json, ...route.credentials, [name]: "1" },
          ...(route.body ? { body: JSON.stringify(route.body) } : {}),
        });
        match(seen.refused ?? "", /TypeError/, `${route.endpoint.id} ${name}`);
      }
    }
  });
});

browserTest("the browser refuses a method that the route does not have, and cookies", async () => {
  await using foreign = await openPage();
  const user = await newUser();
  await unchanged(async () => {
    for (const init of [{ method: "DELETE" }, { credentials: "include" as const }]) {
      const seen = await fetchIn(foreign.page, url("/account"), { ...init, headers: bearer(user) });
      match(seen.refused ?? "", /TypeError/);
    }
  });
});

browserTest("a page of another origin reads every exposed header that an answer has", async () => {
  await using foreign = await openPage();
  const user = await newUser();
  const submit = async () =>
    await fetchIn(foreign.page, url("/submit-generation"), {
      method: "POST",
      headers: { ...json, ...bearer(user), prefer: "wait=20", "idempotency-key": "once" },
      body: JSON.stringify({ type: "draft", input: { prompt: "a fox" } }),
    });
  const first = await submit();
  strictEqual(first.status, 200);
  match(first.headers["location"] ?? "", /^\/functions\/v1\/account\/generations\//);
  strictEqual(first.headers["preference-applied"], "wait=20");
  match(first.headers["x-request-id"] ?? "", /^[0-9a-f-]{36}$/);
  strictEqual((await submit()).headers["idempotent-replayed"], "true");

  const busy = await fetchIn(foreign.page, url("/check-and-deduct-credit"), {
    method: "POST",
    headers: bearer(user),
  });
  strictEqual(busy.status, 429);
  strictEqual(Number(busy.headers["retry-after"]), busy.body.retry_after_seconds);

  // Whatever of the contract's headers a client without an origin sees, a page sees, too.
  const exposed = ["etag", "location", "retry-after", "preference-applied", "x-request-id"];
  for (const { path } of routesOf(await newVictim()).filter(({ method }) => method === "GET")) {
    const headers = bearer(user);
    const bare = await fetch(url(path), { headers });
    await bare.body?.cancel();
    const seen = await fetchIn(foreign.page, url(path), { headers });
    const of = (names: string[]) => exposed.filter((name) => names.includes(name));
    deepStrictEqual(of(Object.keys(seen.headers)), of([...bare.headers.keys()]), path);
  }
});

browserTest("a page of another origin reads what it was refused with", async () => {
  await using foreign = await openPage();
  const [rich, poor] = [await newUser(), await newUser(0)];
  await rich.post("/check-and-deduct-credit");
  const refusals: [number, string, string, RequestInit][] = [
    [401, "MISSING_CREDENTIALS", "/account", {}],
    [401, "INVALID_JWT", "/account", { headers: { authorization: "Bearer x" } }],
    [402, "INSUFFICIENT_CREDITS", "/check-and-deduct-credit", {
      method: "POST",
      headers: bearer(poor),
    }],
    [403, "FORBIDDEN", "/operations/sweep", { method: "POST", headers: bearer(rich) }],
    [404, "NOT_FOUND", "/account/nothing", {}],
    [405, "METHOD_NOT_ALLOWED", "/account", { method: "POST" }],
    [413, "BODY_TOO_LARGE", "/refund-credit", {
      method: "POST",
      headers: { ...json, ...bearer(rich) },
      body: "x".repeat(70_000),
    }],
    [429, "RATE_LIMITED", "/check-and-deduct-credit", { method: "POST", headers: bearer(rich) }],
  ];
  await unchanged(async () => {
    for (const [status, code, path, init] of refusals) {
      const seen = await fetchIn(foreign.page, url(path), init);
      strictEqual(seen.refused, null, code);
      strictEqual(seen.status, status, code);
      strictEqual(seen.body.code, code);
      strictEqual(seen.headers["content-type"], "application/problem+json");
      strictEqual(seen.headers["x-request-id"], seen.body.request_id);
    }
  });
});

browserTest(
  "an unmodified supabase-js in a page signs in, submits, and reads a refusal",
  async () => {
    await using foreign = await openPage();
    const result = await foreign.page.evaluate(async ([url, key]) => {
      // deno-lint-ignore no-explicit-any -- the UMD build hangs on window.
      const client = (globalThis as any).supabase.createClient(url, key);
      const { error: signIn } = await client.auth.signInAnonymously();
      const submit = (body: unknown) =>
        client.functions.invoke("submit-generation", { body, headers: { prefer: "wait=20" } });
      const { data, error } = await submit({ type: "draft", input: { prompt: "a fox" } });
      const refused = await submit({ type: "draft" });
      return {
        signIn,
        error,
        status: data?.status,
        credits: data?.credits,
        image: data?.result?.images?.[0]?.b64_json?.slice(0, 4),
        refusal: await refused.error.context.json(),
      };
    }, [stack.url, stack.publishableKey] as const);
    strictEqual(result.signIn, null);
    strictEqual(result.error, null);
    strictEqual(result.status, "completed");
    strictEqual(result.credits, 9);
    strictEqual(result.image, "iVBO");
    strictEqual(result.refusal.code, "INVALID_REQUEST");
  },
);
