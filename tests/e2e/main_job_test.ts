import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { assertLedger } from "../support/ledger.ts";
import { logLength, logSince } from "../support/function_log.ts";
import { newUser, operate, settled } from "../support/http.ts";
import { connect } from "../support/stack.ts";

const prompt = (prompt: string, type = "draft") => ({ type, input: { prompt } });

Deno.test("a submission is charged at once, accepted with its place, and completed", async () => {
  const user = await newUser(10);
  const accepted = await user.post("/submit-generation", prompt("a red fox"));
  strictEqual(accepted.status, 202);
  const { generation_id, credits, version, epoch, deadline_at, ...rest } = accepted.body;
  deepStrictEqual(rest, { status: "processing", cost: 1 });
  strictEqual(credits, 9);
  ok(Number.isInteger(version) && Number.isInteger(epoch));
  ok(Date.parse(deadline_at) > Date.now());
  strictEqual(
    accepted.headers.get("location"),
    `/functions/v1/account/generations/${generation_id}`,
  );

  const finished = await settled(user, generation_id);
  strictEqual(finished.status, "completed");
  strictEqual(finished.refunded, 0);
  deepStrictEqual(finished.input, { prompt: "a red fox" });
  match(finished.result.images[0].b64_json, /^[A-Za-z0-9+/]+=*$/);
  strictEqual(await user.credits(), 9);
});

Deno.test("Prefer: wait answers the finished generation", async () => {
  const user = await newUser();
  const reply = await user.post("/submit-generation", prompt("a lake"), { prefer: "wait=20" });
  strictEqual(reply.status, 200);
  strictEqual(reply.headers.get("preference-applied"), "wait=20");
  strictEqual(reply.body.status, "completed");
  ok(reply.body.result.images.length === 1);
});

Deno.test("Prefer: wait answers 202 when its time has passed", async () => {
  const user = await newUser();
  const reply = await user.post("/submit-generation", prompt("[slow 3s]"), { prefer: "wait=1" });
  strictEqual(reply.status, 202);
  strictEqual(reply.body.status, "processing");
  strictEqual((await settled(user, reply.body.generation_id)).status, "completed");
});

for (
  const [what, text, error] of [
    ["fails", "[fail]", "provider_error"],
    ["refuses", "[refuse]", "provider_refused"],
  ] as const
) {
  Deno.test(`a generation that the provider ${what} is refunded, and the waiting client told`, async () => {
    const user = await newUser(10);
    const reply = await user.post("/submit-generation", prompt(text), { prefer: "wait=20" });
    strictEqual(reply.status, 502);
    strictEqual(reply.headers.get("content-type"), "application/problem+json");
    strictEqual(reply.body.code, "GENERATION_FAILED");
    strictEqual(reply.body.refunded, 1);
    strictEqual(reply.body.credits, 10);
    strictEqual(reply.body.error, error);
    strictEqual(await user.credits(), 10);
  });
}

Deno.test("a provider that does not answer in time is refunded as timed out", async () => {
  const sql = connect();
  await sql`
    insert into generation_types (slug, cost, timeout_seconds) values ('hasty', 2, 1) on conflict do nothing`;
  const user = await newUser(10);
  const reply = await user.post("/submit-generation", prompt("[hang]", "hasty"), {
    prefer: "wait=20",
  });
  strictEqual(reply.status, 504);
  strictEqual(reply.body.code, "GENERATION_TIMED_OUT");
  strictEqual(reply.body.refunded, 2);
  strictEqual(reply.body.credits, 10);
  await assertLedger(sql, user.id);
  await sql.end();
});

Deno.test("a type that is charged on attempt keeps its charge when it fails", async () => {
  const user = await newUser(10);
  const reply = await user.post("/submit-generation", prompt("[fail]", "assessment"), {
    prefer: "wait=20",
  });
  strictEqual(reply.status, 502);
  strictEqual(reply.body.refunded, 0);
  strictEqual(reply.body.credits, 7);
});

Deno.test("fifty submissions at once with seven credits: seven are charged, the rest refused for nothing", async () => {
  const sql = connect();
  const user = await newUser(7);
  const replies = await Promise.all(
    Array.from({ length: 50 }, () => user.post("/submit-generation", prompt("crowd"))),
  );
  strictEqual(replies.filter(({ status }) => status === 202).length, 7);
  const refused = replies.filter(({ status }) => status === 402);
  strictEqual(refused.length, 43);
  for (const { body } of refused) {
    strictEqual(body.code, "INSUFFICIENT_CREDITS");
    strictEqual(body.cost, 1);
    strictEqual(body.credits, 0);
  }
  strictEqual(await user.credits(), 0);
  await assertLedger(sql, user.id);
  await sql.end();
});

Deno.test("two hundred resends of one key are one charge and one generation", async () => {
  const sql = connect();
  const user = await newUser(10);
  const replies = await Promise.all(
    Array.from(
      { length: 200 },
      () => user.post("/submit-generation", prompt("again"), { "idempotency-key": "resend" }),
    ),
  );
  ok(replies.every(({ status }) => status === 202));
  strictEqual(
    replies.filter(({ headers }) => headers.get("idempotent-replayed") === "true").length,
    199,
  );
  const bodies = new Set(replies.map(({ body }) => JSON.stringify(body)));
  strictEqual(bodies.size, 1);
  strictEqual(await user.credits(), 9);
  await assertLedger(sql, user.id);
  await sql.end();
});

Deno.test("a key used for another request is refused, and charges nothing", async () => {
  const user = await newUser(10);
  await user.post("/submit-generation", prompt("one"), { "idempotency-key": '"quoted-1"' });
  const reply = await user.post("/submit-generation", prompt("two"), {
    "idempotency-key": "quoted-1",
  });
  strictEqual(reply.status, 422);
  strictEqual(reply.body.code, "IDEMPOTENCY_KEY_REUSED");
  strictEqual(await user.credits(), 9);
});

Deno.test("a replay that waits, waits for the first one's result", async () => {
  const user = await newUser(10);
  const first = await user.post("/submit-generation", prompt("[slow 1s]"), {
    "idempotency-key": "wait",
  });
  const replay = await user.post("/submit-generation", prompt("[slow 1s]"), {
    "idempotency-key": "wait",
    prefer: "wait=20",
  });
  strictEqual(replay.status, 200);
  strictEqual(replay.headers.get("idempotent-replayed"), "true");
  strictEqual(replay.body.generation_id, first.body.generation_id);
});

Deno.test("two images at once: one is accepted, the other is told how long to wait", async () => {
  const user = await newUser(10);
  const replies = await Promise.all(
    [0, 1].map(() => user.post("/submit-generation", prompt("twice", "image"))),
  );
  const [accepted, refused] = replies.sort((a, b) => a.status - b.status);
  strictEqual(accepted?.status, 202);
  strictEqual(refused?.status, 429);
  strictEqual(refused?.body.code, "RATE_LIMITED");
  match(refused?.body.detail, /^Please wait \d+ seconds before generating again$/);
  strictEqual(refused?.headers.get("retry-after"), String(refused?.body.retry_after_seconds));
  strictEqual(await user.credits(), 9);
});

Deno.test("the old flow of two calls with nothing but a bearer token charges once", async () => {
  const user = await newUser(10);
  const reserved = await user.post("/check-and-deduct-credit");
  strictEqual(reserved.status, 200);
  strictEqual(reserved.body.status, "reserved");
  strictEqual(reserved.body.credits, 9);
  ok(Date.parse(reserved.body.expires_at) > Date.now());
  const submitted = await user.post("/submit-generation", { input: { prompt: "old" } });
  strictEqual(submitted.status, 202);
  strictEqual(submitted.body.generation_id, reserved.body.generation_id);
  strictEqual(submitted.body.credits, 9);
  strictEqual((await settled(user, submitted.body.generation_id)).status, "completed");
  const late = await user.post("/refund-credit");
  strictEqual(late.status, 409);
  strictEqual(late.body.code, "NOTHING_TO_REFUND");
  strictEqual(await user.credits(), 9);
});

Deno.test("a reservation is given back once, however often it is asked for", async () => {
  const sql = connect();
  const user = await newUser(10);
  await user.post("/check-and-deduct-credit", { type: "poster" });
  strictEqual(await user.credits(), 5);
  const replies = await Promise.all(Array.from({ length: 50 }, () => user.post("/refund-credit")));
  const given = replies.filter(({ status }) => status === 200);
  strictEqual(given.length, 1);
  strictEqual(given[0]?.body.refunded, 5);
  ok(
    replies.filter(({ status }) => status !== 200).every(({ body }) =>
      body.code === "NOTHING_TO_REFUND"
    ),
  );
  strictEqual(await user.credits(), 10);
  await assertLedger(sql, user.id);
  await sql.end();
});

Deno.test("a user cannot give back what is being worked on; an operator can, with a reason", async () => {
  const user = await newUser(10);
  const { body } = await user.post("/submit-generation", prompt("[hang]"));
  const own = await user.post("/refund-credit", { generation_id: body.generation_id });
  strictEqual(own.status, 409);
  strictEqual(own.body.code, "GENERATION_IN_PROGRESS");

  const unexplained = await operate("POST", "/refund-credit", {
    generation_id: body.generation_id,
  });
  strictEqual(unexplained.status, 400);
  const released = await operate("POST", "/refund-credit", {
    generation_id: body.generation_id,
    reason: "customer call",
  });
  strictEqual(released.status, 200);
  strictEqual(released.body.refunded, 1);
  strictEqual(await user.credits(), 10);
  const again = await operate("POST", "/refund-credit", {
    generation_id: body.generation_id,
    reason: "customer call",
  });
  strictEqual(again.status, 409);
  strictEqual(again.body.code, "GENERATION_ALREADY_SETTLED");
  strictEqual(again.body.state, "released");
});

Deno.test("somebody else's generation is not found, by every route that names one", async () => {
  const [owner, other] = [await newUser(), await newUser()];
  const { body } = await owner.post("/check-and-deduct-credit", { type: "draft" });
  const id = body.generation_id;
  for (
    const reply of [
      await other.get(`/account/generations/${id}`),
      await other.post("/refund-credit", { generation_id: id }),
      await other.post("/submit-generation", { generation_id: id, input: { prompt: "mine" } }),
    ]
  ) {
    strictEqual(reply.status, 404);
    strictEqual(reply.body.code, "GENERATION_NOT_FOUND");
  }
});

Deno.test("a refund is in the log once, however often its request comes", async () => {
  const user = await newUser(10);
  await user.post("/check-and-deduct-credit", { type: "draft" });
  const offset = await logLength();
  const refund = () => user.post("/refund-credit", {}, { "idempotency-key": "refund-1" });
  const first = await refund();
  strictEqual(first.body.refunded, 1);
  const replayed = await refund();
  strictEqual(replayed.headers.get("idempotent-replayed"), "true");
  // Each may have had a worker of its own.
  await logSince(offset, first.headers.get("x-request-id") ?? "");
  const lines = await logSince(offset, replayed.headers.get("x-request-id") ?? "");
  strictEqual(lines.filter((line) => line.includes(`to user ${user.id} due to`)).length, 1);
});
