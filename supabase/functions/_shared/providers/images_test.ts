import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { openaiImages } from "./images.ts";
import { jobOf, never, standIn } from "./provider_stand_in.ts";

const images = (url: string) => openaiImages({ url: `${url}/v1/`, key: "key-1", model: "painter" });
const picture = () => Response.json({ created: 1, data: [{ b64_json: "AAAA", extra: 1 }] });

Deno.test("openaiImages() asks for one picture with what of the input is the provider's", async () => {
  await using provider = standIn(picture);
  const input = {
    prompt: "a fox",
    size: "64x64",
    model: "dear",
    n: 9,
    title: "ours",
  };
  const outcome = await images(provider.url).start(jobOf({ input }), never);
  deepStrictEqual(outcome, { result: { images: [{ b64_json: "AAAA" }] } });
  strictEqual(provider.asked[0]?.path, "/v1/images/generations");
  deepStrictEqual(provider.asked[0]?.body, {
    model: "painter",
    n: 1,
    prompt: "a fox",
    size: "64x64",
  });
});

Deno.test("openaiImages() uses the type's own model", async () => {
  await using provider = standIn(picture);
  await images(provider.url).start(
    jobOf({ options: { model: "sketcher" } }),
    never,
  );
  strictEqual(provider.asked[0]?.body.model, "sketcher");
});

Deno.test("openaiImages() asks nothing for a type whose options are wrong", async () => {
  await using provider = standIn(picture);
  const job = jobOf({ options: { modle: "sketcher" } });
  await rejects(images(provider.url).start(job, never), {
    reason: "provider_not_configured",
  });
  strictEqual(provider.asked.length, 0);
});

for (
  const answer of [{}, { data: [] }, { data: [{ b64_json: 5 }] }, "text", null]
) {
  Deno.test(`openaiImages() cannot read ${JSON.stringify(answer)}`, async () => {
    await using provider = standIn(() => Response.json(answer));
    const outcome = images(provider.url).start(jobOf({}), never);
    await rejects(outcome, { reason: "provider_invalid_answer" });
  });
}
