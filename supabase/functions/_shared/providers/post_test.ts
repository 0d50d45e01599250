import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { MAX_ANSWER_BYTES, post } from "./post.ts";
import { ProviderError } from "./provider.ts";
import { losesAnswers, never, nobody, soon, standIn } from "./provider_stand_in.ts";

const request = (url: string) => ({
  url,
  key: "key-1",
  body: { prompt: "a fox" },
  signal: never,
  deadline: soon(),
});
const json = (value: unknown) => () => Response.json(value);
const status = (status: number, headers = {}) => () => new Response("no", { status, headers });

Deno.test("post() sends JSON with its key, and answers JSON", async () => {
  await using provider = standIn(json({ a: 1 }));
  deepStrictEqual(await post(request(`${provider.url}/x`)), { a: 1 });
  const [asked] = provider.asked;
  strictEqual(asked?.path, "/x");
  strictEqual(asked?.headers.get("authorization"), "Bearer key-1");
  strictEqual(asked?.headers.get("content-type"), "application/json");
  deepStrictEqual(asked?.body, { prompt: "a fox" });
});

for (const busy of [429, 503]) {
  Deno.test(`post() sends again what was answered ${busy}, as soon as Retry-After says`, async () => {
    await using provider = standIn(
      status(busy, { "retry-after": "0" }),
      json({ a: 1 }),
    );
    deepStrictEqual(await post(request(provider.url)), { a: 1 });
    strictEqual(provider.asked.length, 2);
  });

  Deno.test(`post() gives up on ${busy} after three tries`, async () => {
    await using provider = standIn(status(busy, { "retry-after": "0" }));
    await rejects(post(request(provider.url)), { reason: "provider_error" });
    strictEqual(provider.asked.length, 3);
  });
}

for (
  const retryAfter of ["3600", new Date(Date.now() + 3_600_000).toUTCString()]
) {
  Deno.test(`post() does not wait for a Retry-After past its deadline: ${retryAfter}`, async () => {
    await using provider = standIn(status(429, { "retry-after": retryAfter }));
    await rejects(post(request(provider.url)), { reason: "provider_error" });
    strictEqual(provider.asked.length, 1);
  });
}

for (
  const [code, reason] of [
    [400, "provider_refused"],
    [413, "provider_refused"],
    [422, "provider_refused"],
    [401, "provider_error"],
    [403, "provider_error"],
    [500, "provider_error"],
    [502, "provider_error"],
    [504, "provider_error"],
  ] as const
) {
  Deno.test(`post() sends once what is answered ${code}: ${reason}`, async () => {
    await using provider = standIn(status(code));
    await rejects(post({ ...request(provider.url), repeatable: true }), {
      reason,
    });
    strictEqual(provider.asked.length, 1);
  });
}

Deno.test("post() takes a redirect for no answer, and tells nobody else what it was to send", async () => {
  await using other = standIn(json({}));
  await using provider = standIn(status(307, { location: other.url }));
  await rejects(post(request(provider.url)), { reason: "provider_error" });
  strictEqual(other.asked.length, 0);
});

Deno.test("post() does not send again what may have been done: its answer was lost", async () => {
  using provider = losesAnswers();
  await rejects(post(request(provider.url)), {
    reason: "provider_unreachable",
    retry: null,
  });
  strictEqual(provider.connections(), 1);
});

Deno.test("post() sends again what the provider does once only", async () => {
  using provider = losesAnswers();
  const repeatable = { ...request(provider.url), repeatable: true };
  await rejects(post(repeatable), { reason: "provider_unreachable" });
  strictEqual(provider.connections(), 3);
});

Deno.test("post() takes a refused connection for one that may be tried again", async () => {
  const error: unknown = await post({
    ...request(nobody()),
    deadline: new Date(),
  }).catch((e) => e);
  ok(error instanceof ProviderError);
  strictEqual(error.reason, "provider_unreachable");
  deepStrictEqual(error.retry, { afterMs: null });
});

Deno.test("post() waits as long as its signal says", async () => {
  const { promise: left, resolve: leave } = Promise.withResolvers<Response>();
  await using provider = standIn(() => left);
  const wait = new AbortController();
  const posting = post({
    ...request(provider.url),
    repeatable: true,
    signal: wait.signal,
  });
  const rejected = rejects(posting, { reason: "provider_timeout" });
  while (provider.asked.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  wait.abort();
  await rejected;
  strictEqual(provider.asked.length, 1);
  leave(new Response());
});

Deno.test("post() asks again where one answer takes longer than it may", async () => {
  const { promise: left, resolve: leave } = Promise.withResolvers<Response>();
  await using provider = standIn(() => left, json({ a: 1 }));
  const impatient = {
    ...request(provider.url),
    repeatable: true,
    timeoutMs: 200,
  };
  deepStrictEqual(await post(impatient), { a: 1 });
  leave(new Response());
});

Deno.test("post() refuses an answer that is larger than a worker can hold", async () => {
  await using provider = standIn(() => new Response(new Uint8Array(MAX_ANSWER_BYTES + 1)));
  await rejects(post(request(provider.url)), {
    reason: "provider_invalid_answer",
  });
});

Deno.test("post() answers undefined where a success is no JSON", async () => {
  await using provider = standIn(() => new Response("accepted", { status: 202 }));
  strictEqual(await post(request(provider.url)), undefined);
});
