import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { creditsFor, openaiChat } from "./chat.ts";
import { jobOf, never, standIn } from "./provider_stand_in.ts";

const chat = (url: string) => openaiChat({ url: `${url}/v1/`, key: "key-1", model: "writer" });
const says = (choice: unknown, usage?: unknown) => () =>
  Response.json({ choices: [choice], usage });
const text = {
  message: { role: "assistant", content: "Once" },
  finish_reason: "stop",
};
const tokens = (total_tokens: unknown) => ({
  prompt_tokens: 1,
  completion_tokens: 1,
  total_tokens,
});
const rate = { credits_per_1k_tokens: 5 };

Deno.test("openaiChat() sends the prompt, and what the type says; the client chooses no model", async () => {
  await using provider = standIn(says(text, tokens(2)));
  const options = {
    ...rate,
    model: "poet",
    system: "Be brief.",
    max_tokens: 50,
    temperature: 0.5,
  };
  const input = { prompt: "a tale", model: "dear", max_tokens: 1_000_000 };
  const outcome = await chat(provider.url).start(
    jobOf({ input, options }),
    never,
  );
  deepStrictEqual(outcome, {
    result: { text: "Once", finish_reason: "stop", usage: tokens(2) },
    cost: 1,
  });
  strictEqual(provider.asked[0]?.path, "/v1/chat/completions");
  deepStrictEqual(provider.asked[0]?.body, {
    model: "poet",
    messages: [{ role: "system", content: "Be brief." }, {
      role: "user",
      content: "a tale",
    }],
    max_tokens: 50,
    temperature: 0.5,
  });
});

Deno.test("openaiChat() uses the worker's model where the type names none", async () => {
  await using provider = standIn(says(text));
  await chat(provider.url).start(jobOf({}), never);
  strictEqual(provider.asked[0]?.body.model, "writer");
});

for (
  const [total, credits] of [[0, 0], [1, 1], [200, 1], [201, 2], [1999, 10], [
    1_000_000,
    10,
  ]] as const
) {
  Deno.test(`openaiChat() costs ${credits} of 10 credits for ${total} tokens at 5 for 1,000`, async () => {
    await using provider = standIn(says(text, tokens(total)));
    const outcome = await chat(provider.url).start(
      jobOf({ cost: 10, options: rate }),
      never,
    );
    strictEqual("cost" in outcome && outcome.cost, credits);
  });
}

Deno.test("creditsFor() rounds up what is more, not what is more by a rounding error", () => {
  strictEqual(100_000 * 0.07 / 1000 > 7, true);
  strictEqual(creditsFor(100_000, 0.07), 7);
  strictEqual(creditsFor(100_001, 0.07), 8);
  strictEqual(creditsFor(5000, 0), 0);
});

for (
  const usage of [undefined, null, {}, tokens(-5), tokens("many"), tokens(1.5)]
) {
  Deno.test(`openaiChat() lets the whole charge stand, and warns, where usage is ${JSON.stringify(usage)}`, async () => {
    await using provider = standIn(says(text, usage));
    deepStrictEqual(
      await chat(provider.url).start(jobOf({ options: rate }), never),
      {
        result: { text: "Once", finish_reason: "stop", usage: null },
        warning: "The provider reported no usage: the whole charge stands",
      },
    );
  });
}

Deno.test("openaiChat() costs what the type does, and warns of nothing, where the type has no rate", async () => {
  await using provider = standIn(says(text));
  const result = { text: "Once", finish_reason: "stop", usage: null };
  deepStrictEqual(await chat(provider.url).start(jobOf({}), never), { result });
});

for (
  const choice of [
    { message: { content: null, refusal: "I cannot" }, finish_reason: "stop" },
    { message: { content: "" }, finish_reason: "content_filter" },
  ]
) {
  Deno.test(`openaiChat() is refused by ${JSON.stringify(choice)}`, async () => {
    await using provider = standIn(says(choice));
    const outcome = chat(provider.url).start(jobOf({}), never);
    await rejects(outcome, { reason: "provider_refused" });
  });
}

for (const choice of [{}, { message: {} }, { message: { content: 5 } }, null]) {
  Deno.test(`openaiChat() cannot read the choice ${JSON.stringify(choice)}`, async () => {
    await using provider = standIn(says(choice));
    const outcome = chat(provider.url).start(jobOf({}), never);
    await rejects(outcome, { reason: "provider_invalid_answer" });
  });
}

for (
  const options of [
    { credits_per_1k_tokens: -1 },
    { credits_per_1k_token: 5 },
    { model: 5 },
  ]
) {
  Deno.test(`openaiChat() asks nothing for a type with ${JSON.stringify(options)}`, async () => {
    await using provider = standIn(says(text));
    const outcome = chat(provider.url).start(jobOf({ options }), never);
    await rejects(outcome, { reason: "provider_not_configured" });
    strictEqual(provider.asked.length, 0);
  });
}
