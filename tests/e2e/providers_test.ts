/** Each kind of provider, by the local one: what it costs in the end, and that it is settled once. */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { callBack, completed, failed, handedOver } from "../support/callbacks.ts";
import { newUser, settled, type User } from "../support/http.ts";
import { assertLedger, assertSettledOnce, sweepAll } from "../support/ledger.ts";
import { connect, stack } from "../support/stack.ts";

const submit = (user: User, type: string, prompt: string, wait = "wait=20") =>
  user.post("/submit-generation", { type, input: { prompt } }, { prefer: wait });

/** How many requests the provider had with this prompt. */
async function requestsFor(prompt: string): Promise<number> {
  const query = new URLSearchParams({ prompt });
  return (await (await fetch(`${stack.imageServerUrl}/requests?${query}`)).json()).count;
}

interface Call {
  webhook_id: string;
  status: number;
  replayed: boolean;
  body: string;
}

/** The calls that the provider made about a generation, once there are so many. Looks, bounded. */
async function callsAbout(generationId: string, count: number): Promise<Call[]> {
  const until = performance.now() + 20_000;
  while (performance.now() < until) {
    const response = await fetch(
      `${stack.imageServerUrl}/callbacks?generation_id=${generationId}`,
    );
    const { calls } = await response.json();
    if (calls.length >= count) return calls;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The provider did not call ${count} times about ${generationId}`);
}

/** Checks that an account's generations were settled once, and its ledger adds up. */
async function assertSettled(user: User): Promise<void> {
  const sql = connect();
  await assertLedger(sql, user.id);
  await assertSettledOnce(sql, [user.id]);
  await sql.end();
}

async function events(user: User): Promise<[type: string, delta: number, reason: string][]> {
  const sql = connect();
  const rows = await sql`
    select type, delta, reason from account_events where user_id = ${user.id} order by version`;
  await sql.end();
  return rows.map((row) => [row["type"], row["delta"], row["reason"]]);
}

for (const words of [1, 1000]) {
  Deno.test(`a chat of ${words} word(s) holds 10 credits, and is settled for the tokens that it took`, async () => {
    const user = await newUser(20);
    const { status, body } = await submit(user, "chat", "tell ".repeat(words));
    strictEqual(status, 200);
    strictEqual(body.cost, 10);
    const { text, finish_reason, usage } = body.result;
    match(text, /^[a-z ]+$/);
    strictEqual(finish_reason, "stop");
    const cost = Math.min(10, Math.ceil(usage.total_tokens * 5 / 1000));
    ok(
      cost >= 1 && cost < 10 && (words === 1 || cost > 1),
      `a test of ${cost} credits shows little`,
    );
    strictEqual(body.refunded, 10 - cost);
    strictEqual(await user.credits(), 20 - cost);
    await assertSettled(user);
  });
}

Deno.test("a chat costs no more than was held, whatever it took", async () => {
  const user = await newUser(10);
  const { body } = await submit(user, "chat", "tell ".repeat(6000));
  ok(body.result.usage.total_tokens * 5 / 1000 > 10);
  strictEqual(body.refunded, 0);
  strictEqual(await user.credits(), 0);
});

Deno.test("a chat whose provider reports no usage costs all that was held", async () => {
  const user = await newUser(10);
  const { body } = await submit(user, "chat", "a tale [no usage]");
  strictEqual(body.status, "completed");
  strictEqual(body.refunded, 0);
  strictEqual(await user.credits(), 0);
});

for (const [order, error] of [["[fail]", "provider_error"], ["[refuse]", "provider_refused"]]) {
  Deno.test(`a chat that ends with ${order} is refunded`, async () => {
    const user = await newUser(10);
    const { status, body } = await submit(user, "chat", `a tale ${order}`);
    strictEqual(status, 502);
    strictEqual(body.error, error);
    strictEqual(body.refunded, 10);
    strictEqual(await user.credits(), 10);
    await assertSettled(user);
  });
}

for (const type of ["draft", "chat"]) {
  Deno.test(`a ${type} whose provider is busy for a moment is asked for again, and charged once`, async () => {
    const user = await newUser(20);
    const prompt = `${crypto.randomUUID()} [busy 1]`;
    const { body } = await submit(user, type, prompt);
    strictEqual(body.status, "completed");
    strictEqual(await requestsFor(prompt), 2);
    await assertSettled(user);
  });

  Deno.test(`a ${type} that failed at the provider is asked for once`, async () => {
    const user = await newUser(20);
    const prompt = `${crypto.randomUUID()} [fail]`;
    const { body } = await submit(user, type, prompt);
    strictEqual(body.code, "GENERATION_FAILED");
    strictEqual(await requestsFor(prompt), 1);
    strictEqual(await user.credits(), 20);
  });
}

Deno.test("a generation whose provider stays busy is refunded after three requests", async () => {
  const user = await newUser(10);
  const prompt = `${crypto.randomUUID()} [busy 9]`;
  const { body } = await submit(user, "draft", prompt);
  strictEqual(body.error, "provider_error");
  strictEqual(await requestsFor(prompt), 3);
  strictEqual(await user.credits(), 10);
});

Deno.test("a type whose provider is not set up fails by its own name, and is refunded", async () => {
  const sql = connect();
  await sql`
    insert into generation_types (slug, cost, provider) values ('unknown-provider', 2, 'nobody')
    on conflict do nothing`;
  await sql.end();
  const user = await newUser(10);
  const { status, body } = await submit(user, "unknown-provider", "x");
  strictEqual(status, 502);
  strictEqual(body.error, "provider_not_configured");
  strictEqual(body.refunded, 2);
  strictEqual(await user.credits(), 10);
});

Deno.test("a video is handed over, called back for, and waited for", async () => {
  const user = await newUser(10);
  const { status, body } = await submit(user, "video", `${crypto.randomUUID()} a wave`);
  strictEqual(status, 200);
  strictEqual(body.status, "completed");
  strictEqual(body.refunded, 0);
  match(body.result.images[0].b64_json, /^[A-Za-z0-9+/]+=*$/);
  strictEqual(await user.credits(), 5);
  await assertSettled(user);
});

Deno.test("a video whose provider is busy is posted again, and is one job", async () => {
  const user = await newUser(10);
  const prompt = `${crypto.randomUUID()} [busy 1]`;
  const { body } = await submit(user, "video", prompt);
  strictEqual(body.status, "completed");
  strictEqual(await requestsFor(prompt), 2);
  strictEqual((await callsAbout(body.generation_id, 1)).length, 1);
});

Deno.test("a video that cost less gives the rest back", async () => {
  const user = await newUser(10);
  const { body } = await submit(user, "video", "a wave [cost 2]");
  strictEqual(body.refunded, 3);
  strictEqual(await user.credits(), 8);
  await assertSettled(user);
});

for (const [order, error] of [["[fail]", "provider_error"], ["[refuse]", "provider_refused"]]) {
  Deno.test(`a video whose provider calls back with ${order} is refunded`, async () => {
    const user = await newUser(10);
    const { status, body } = await submit(user, "video", `a wave ${order}`);
    strictEqual(status, 502);
    strictEqual(body.error, error);
    strictEqual(body.refunded, 5);
    strictEqual(await user.credits(), 10);
    await assertSettled(user);
  });
}

Deno.test("a provider that calls back twice settles once, and is given the first answer again", async () => {
  const user = await newUser(10);
  const { body } = await submit(user, "video", "a wave [twice] [cost 2]");
  const [first, second] = await callsAbout(body.generation_id, 2);
  strictEqual(first?.status, 200);
  strictEqual(first?.replayed, false);
  deepStrictEqual(second, { ...first, replayed: true });
  strictEqual(await user.credits(), 8);
  await assertSettled(user);
});

for (const order of ["[stale]", "[forged]"]) {
  Deno.test(`a provider that signs as with ${order} is refused, as often as it tries`, async () => {
    const user = await newUser(10);
    const { body } = await submit(user, "video", `a wave ${order}`, "");
    const calls = await callsAbout(body.generation_id, 4);
    deepStrictEqual(calls.map(({ status }) => status), [401, 401, 401, 401]);
    ok(calls.every(({ body }) => JSON.parse(body).code === "INVALID_SIGNATURE"));
    strictEqual(
      (await user.get(`/account/generations/${body.generation_id}`)).body.status,
      "processing",
    );
    strictEqual(await user.credits(), 5);
  });
}

Deno.test("a result that comes late is refused by name and kept as one event, and charges nothing", async () => {
  const sql = connect();
  const job = await handedOver(sql);
  await sql`
    update generation_jobs set deadline_at = clock_timestamp() - interval '1 second'
    where id = ${job.generationId}`;
  await sweepAll(sql);
  await sql.end();
  strictEqual(await job.user.credits(), 10);
  for (let time = 1; time <= 2; time++) {
    const { status, body } = await callBack(completed(job));
    strictEqual(status, 409);
    strictEqual(body.code, "GENERATION_ALREADY_SETTLED");
    strictEqual(body.state, "expired");
    strictEqual("credits" in body, false, "the balance is no business of the provider's");
  }
  deepStrictEqual((await events(job.user)).slice(-3), [
    ["generation.submitted", -5, "video"],
    ["generation.expired", 5, "deadline_passed"],
    ["generation.late_result", 0, "late_result"],
  ]);
  strictEqual(await job.user.credits(), 10);
  await assertSettled(job.user);
});

Deno.test("a message that is sent again gets its first answer; another about the same is refused", async () => {
  const sql = connect();
  const job = await handedOver(sql);
  await sql.end();
  const first = await callBack(completed(job, { cost: 1 }), { id: "msg_again" });
  strictEqual(first.status, 200);
  deepStrictEqual(first.body, {
    generation_id: job.generationId,
    status: "completed",
    cost: 5,
    refunded: 4,
  });
  const again = await callBack(completed(job, { cost: 1 }), { id: "msg_again", secondsAgo: 60 });
  strictEqual(again.status, 200);
  strictEqual(again.headers.get("idempotent-replayed"), "true");
  deepStrictEqual(again.body, first.body);
  const other = await callBack(failed(job), { id: "msg_other" });
  strictEqual(other.status, 409);
  strictEqual(other.body.state, "completed");
  const reused = await callBack(failed(job), { id: "msg_again" });
  strictEqual(reused.status, 422);
  strictEqual(reused.body.code, "IDEMPOTENCY_KEY_REUSED");
  strictEqual(await job.user.credits(), 9);
  await assertSettled(job.user);
});

Deno.test("fifty callbacks at once, half of them failures, settle once", async () => {
  const sql = connect();
  const job = await handedOver(sql);
  await sql.end();
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, n) => callBack(n % 2 ? completed(job) : failed(job))),
  );
  strictEqual(replies.filter(({ status }) => status === 200).length, 1);
  ok(replies.every(({ status }) => [200, 409, 503].includes(status)));
  await assertSettled(job.user);
});

Deno.test("a failure that a provider tells of is kept as its code, and its words are not shown", async () => {
  const sql = connect();
  const job = await handedOver(sql);
  await sql.end();
  await callBack(failed(job, { error: { code: "provider_timeout", message: "GPU 7 is gone" } }));
  const generation = await settled(job.user, job.generationId);
  strictEqual(generation.status, "failed");
  strictEqual(generation.error, "provider_timeout");
  strictEqual(JSON.stringify(generation).includes("GPU"), false);
  strictEqual(generation.credits, 10);
});
