import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { callbackProvider } from "./callback.ts";
import { jobOf, losesAnswers, never, standIn } from "./provider_stand_in.ts";

const callback = (url: string, key: string | null = null) =>
  callbackProvider({
    url: `${url}/jobs`,
    key,
    callbackUrl: "https://p.example/generation-callback",
  });

Deno.test("callbackProvider() posts the job under the generation's id, and has handed it over", async () => {
  await using provider = standIn(() => new Response(null, { status: 202 }));
  const job = jobOf({ options: { quality: "high" } });
  deepStrictEqual(await callback(provider.url, "key-1").start(job, never), {
    handedOver: true,
  });
  const [asked] = provider.asked;
  strictEqual(asked?.path, "/jobs");
  strictEqual(asked?.headers.get("idempotency-key"), job.generationId);
  strictEqual(asked?.headers.get("authorization"), "Bearer key-1");
  deepStrictEqual(asked?.body, {
    generation_id: job.generationId,
    attempt: job.attempt,
    type: "some",
    input: { prompt: "a fox" },
    options: { quality: "high" },
    callback_url: "https://p.example/generation-callback",
  });
});

Deno.test("callbackProvider() sends no authorization where it has no key", async () => {
  await using provider = standIn(() => new Response());
  await callback(provider.url).start(jobOf({}), never);
  strictEqual(provider.asked[0]?.headers.get("authorization"), null);
});

Deno.test("callbackProvider() posts again where the answer was lost: the key makes it one job", async () => {
  using provider = losesAnswers();
  const outcome = callback(provider.url).start(jobOf({}), never);
  await rejects(outcome, { reason: "provider_unreachable" });
  strictEqual(provider.connections(), 3);
});

Deno.test("callbackProvider() hands nothing over to a provider that does not accept it", async () => {
  await using provider = standIn(() => new Response("no", { status: 400 }));
  const outcome = callback(provider.url).start(jobOf({}), never);
  await rejects(outcome, { reason: "provider_refused" });
});
