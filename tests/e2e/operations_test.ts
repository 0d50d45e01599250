import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { newUser, operate, settled } from "../support/http.ts";
import { assertLedger } from "../support/ledger.ts";
import { connect } from "../support/stack.ts";

Deno.test("a grant adds, a negative one takes away, and never below 0", async () => {
  const user = await newUser(10);
  const grant = (amount: number) =>
    operate("POST", "/operations/grants", { user_id: user.id, amount, reason: "a test" });
  strictEqual((await grant(5)).body.credits, 15);
  strictEqual((await grant(-15)).body.credits, 0);
  const refused = await grant(-1);
  strictEqual(refused.status, 402);
  strictEqual(refused.body.code, "INSUFFICIENT_CREDITS");
  strictEqual(await user.credits(), 0);
});

Deno.test("ids of any version, or none, are ids: Postgres takes them, and adopted rows may have them", async () => {
  const sql = connect({ max: 1 });
  const odd = `${crypto.randomUUID().slice(0, 13)}-f000-0000-000000000001`;
  await sql`insert into profiles (id, credits) values (${odd}, 1)`;
  const reply = await operate("POST", "/operations/grants", {
    user_id: odd,
    amount: 5,
    reason: "a test",
  });
  strictEqual(reply.body.credits, 6);
  await sql.end();
});

Deno.test("a grant with a key is made once", async () => {
  const user = await newUser(10);
  const replies = await Promise.all(
    Array.from(
      { length: 20 },
      () =>
        operate("POST", "/operations/grants", { user_id: user.id, amount: 5, reason: "x" }, {
          "idempotency-key": "grant-1",
        }),
    ),
  );
  ok(replies.every(({ status }) => status === 200));
  strictEqual(await user.credits(), 15);
});

Deno.test("a reservation whose work was done elsewhere is settled for what it cost", async () => {
  const user = await newUser(10);
  const { body } = await user.post("/check-and-deduct-credit", { type: "poster" });
  const reply = await operate("POST", "/operations/settlements", {
    generation_id: body.generation_id,
    outcome: "completed",
    cost: 2,
  });
  strictEqual(reply.status, 200);
  strictEqual(reply.body.refunded, 3);
  strictEqual(await user.credits(), 8);
  const again = await operate("POST", "/operations/settlements", {
    generation_id: body.generation_id,
    outcome: "failed",
  });
  strictEqual(again.status, 409);
  strictEqual(again.body.state, "completed");
});

Deno.test("the sweep refunds a stuck generation once, and its late result changes nothing", async () => {
  const sql = connect();
  const user = await newUser(10);
  const { body } = await user.post("/submit-generation", {
    type: "poster",
    input: { prompt: "[slow 2s]" },
  });
  await sql`update generation_jobs set deadline_at = now() - interval '1 second' where id = ${body.generation_id}`;
  const sweeps = await Promise.all([0, 1, 2].map(() => operate("POST", "/operations/sweep")));
  ok(sweeps.every(({ status }) => status === 200));
  strictEqual((await settled(user, body.generation_id)).status, "expired");
  strictEqual(await user.credits(), 10);
  // The worker's result comes two seconds later, and is recorded as late.
  const until = performance.now() + 15_000;
  let late: readonly unknown[] = [];
  while (late.length === 0 && performance.now() < until) {
    late = await sql`
      select delta from account_events where user_id = ${user.id} and type = 'generation.late_result'`;
  }
  deepStrictEqual(late.map((row) => (row as { delta: number }).delta), [0]);
  strictEqual(await user.credits(), 10);
  await assertLedger(sql, user.id);
  await sql.end();
});

Deno.test("health tells that the invariants hold", async () => {
  const { status, body } = await operate("GET", "/operations/health");
  strictEqual(status, 200);
  strictEqual(body.healthy, true);
  ok(body.checks.every((check: { ok: boolean; count: number }) => check.ok && check.count === 0));
});

Deno.test("a user's token opens no operators' route", async () => {
  const user = await newUser();
  const reply = await user.post("/operations/grants", {
    user_id: user.id,
    amount: 5,
    reason: "me",
  });
  strictEqual(reply.status, 403);
  strictEqual(reply.body.code, "FORBIDDEN");
  strictEqual(await user.credits(), 10);
});
