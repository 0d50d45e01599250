import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { call, newUser, operate } from "../support/http.ts";
import { appClient, connect, stack } from "../support/stack.ts";

Deno.test("an account tells its balance, version, epoch and last generation", async () => {
  const user = await newUser();
  const { status, body } = await user.get("/account");
  strictEqual(status, 200);
  deepStrictEqual(Object.keys(body).sort(), ["credits", "epoch", "last_generate_at", "version"]);
  strictEqual(body.credits, 10);
  strictEqual(body.version, 1);
  strictEqual(body.last_generate_at, null);
});

Deno.test("the history pages through every credit change once, newest first", async () => {
  const user = await newUser();
  for (let i = 1; i <= 7; i++) {
    await operate("POST", "/operations/grants", {
      user_id: user.id,
      amount: i,
      reason: `gift ${i}`,
    });
  }
  const reasons: string[] = [];
  let before = "";
  do {
    const { body } = await user.get(`/account/history?limit=3${before}`);
    reasons.push(...body.events.map((event: { reason: string }) => event.reason));
    before = body.next_before === null ? "" : `&before=${body.next_before}`;
  } while (before);
  deepStrictEqual(reasons, [...[7, 6, 5, 4, 3, 2, 1].map((i) => `gift ${i}`), "signup_grant"]);
});

Deno.test("the generations are listed without input and result", async () => {
  const user = await newUser();
  await user.post("/submit-generation", { type: "draft", input: { prompt: "x" } }, {
    prefer: "wait=20",
  });
  await user.post("/check-and-deduct-credit", { type: "poster" });
  const { body } = await user.get("/account/generations?limit=1");
  strictEqual(body.generations.length, 1);
  strictEqual(body.generations[0].type, "poster");
  strictEqual("input" in body.generations[0] || "result" in body.generations[0], false);
  const rest = await user.get(`/account/generations?before=${body.next_before}`);
  strictEqual(rest.body.generations[0].type, "draft");
  strictEqual(rest.body.next_before, null);
});

Deno.test("the price list names every type", async () => {
  const user = await newUser();
  const { body } = await user.get("/account/types");
  strictEqual(body.default_type, "image");
  const image = body.types.find(({ type }: { type: string }) => type === "image");
  deepStrictEqual(image, {
    type: "image",
    cost: 1,
    rate_limit_seconds: 10,
    timeout_seconds: 1800,
    reservation_seconds: 1800,
    refund_on_failure: true,
  });
});

Deno.test("what a client has is 304, and no worker answers anything older than a write", async () => {
  const user = await newUser();
  for (let i = 1; i <= 6; i++) {
    const before = await user.get("/account");
    const held = { "if-none-match": before.headers.get("etag")! };
    strictEqual((await user.get("/account", held)).status, 304);
    const { body: granted } = await operate("POST", "/operations/grants", {
      user_id: user.id,
      amount: 1,
      reason: "test",
    });
    const after = await user.get("/account", {
      ...held,
      "x-min-version": `${granted.epoch}.${granted.version}`,
    });
    strictEqual(after.status, 200);
    strictEqual(after.body.credits, 10 + i);
  }
});

Deno.test("supabase-js reads the own rows and no others, and writes none", async () => {
  const client = appClient();
  const { data } = await client.auth.signInAnonymously();
  await newUser();
  const profiles = await client.from("profiles").select("id, credits");
  deepStrictEqual(profiles.data, [{ id: data.user?.id, credits: 10 }]);
  const events = await client.from("account_events").select("type, delta");
  deepStrictEqual(events.data, [{ type: "account.opened", delta: 10 }]);
  for (const table of ["generation_jobs", "generation_results"]) {
    deepStrictEqual((await client.from(table).select()).data, []);
  }
  const written = await client.from("profiles").update({ credits: 99 }).eq("id", data.user?.id);
  strictEqual(written.error?.code, "42501");
});

Deno.test("neither anonymous callers nor users can execute a function or write a table", async () => {
  const sql = connect();
  const functions = await sql`
    select p.proname as name, p.proargnames as names, p.pronargs as count
    from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'`;
  const tables = await sql`
    select table_name as name, min(column_name) as column from information_schema.columns
    where table_schema = 'public' group by 1`;
  await sql.end();
  const user = await newUser();
  const callers = {
    anon: { apikey: stack.publishableKey },
    authenticated: { apikey: stack.publishableKey, authorization: `Bearer ${user.token}` },
  };
  for (const [role, headers] of Object.entries(callers)) {
    for (const { name, names, count } of functions) {
      const args = Object.fromEntries((names ?? []).slice(0, count).map((n: string) => [n, null]));
      const response = await fetch(`${stack.url}/rest/v1/rpc/${name}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(args),
      });
      const { code } = await response.json();
      strictEqual(code, "42501", `${role} must not execute ${name}`);
    }
    for (const { name, column } of tables) {
      for (const method of ["POST", "PATCH", "DELETE"]) {
        const response = await fetch(`${stack.url}/rest/v1/${name}`, {
          method,
          headers: { ...headers, "content-type": "application/json" },
          ...(method === "DELETE" ? {} : { body: JSON.stringify({ [column]: null }) }),
        });
        const { code } = await response.json();
        strictEqual(code, "42501", `${role} must not ${method} ${name}`);
      }
    }
  }
});

Deno.test("a user without an account is told so", async () => {
  const sql = connect();
  const user = await newUser();
  await sql`delete from auth.users where id = ${user.id}`;
  await sql.end();
  for (const reply of [await user.get("/account"), await user.post("/check-and-deduct-credit")]) {
    strictEqual(reply.status, 404);
    strictEqual(reply.body.code, "PROFILE_NOT_FOUND");
  }
});

Deno.test("without credentials every route answers a problem", async () => {
  for (
    const [method, path] of [
      ["POST", "/check-and-deduct-credit"],
      ["POST", "/refund-credit"],
      ["POST", "/submit-generation"],
      ["GET", "/account"],
      ["GET", "/account/history"],
      ["POST", "/operations/grants"],
      ["GET", "/operations/health"],
    ] as const
  ) {
    const reply = await call(method, path);
    strictEqual(reply.status, 401, path);
    strictEqual(reply.headers.get("content-type"), "application/problem+json");
    strictEqual(reply.body.code, "MISSING_CREDENTIALS");
    strictEqual(reply.headers.get("x-supabase-server-error"), "MISSING_CREDENTIALS");
    strictEqual(reply.body.request_id, reply.headers.get("x-request-id"));
    strictEqual(reply.headers.get("access-control-allow-origin"), "*");
  }
});
