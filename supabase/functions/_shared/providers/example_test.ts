/** The worked example of docs/providers.md is code that runs. */

import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { jobOf, never, standIn } from "./provider_stand_in.ts";
import type { Provider } from "./provider.ts";

const page = new URL("../../../../docs/providers.md", import.meta.url);

/** The adapter that the page shows, loaded from a file of its own. */
async function example(): Promise<
  (options: { url: string; key: string }) => Provider
> {
  const [, code] = /```ts\n(\/\/ \S+upscaler\.ts\n.*?)```/s.exec(
    await Deno.readTextFile(page),
  ) ??
    [];
  ok(code, "the page has the example");
  const folder = await Deno.makeTempDir({ prefix: "provider-example-" });
  try {
    const path = `${folder}/upscaler.ts`;
    const here = new URL(".", import.meta.url).href;
    await Deno.writeTextFile(
      path,
      code.replaceAll('from "./', `from "${here}`),
    );
    return (await import(`file://${path}`)).upscaler;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the example of docs/providers.md is an adapter", async () => {
  const upscaler = await example();
  const answer = {
    url: "https://cdn.example/1.png",
    width: 3000,
    height: 2000,
  };
  await using provider = standIn(
    () => Response.json(answer),
    () => Response.json({}),
  );
  const job = jobOf({
    input: { prompt: "sharp", image_url: "https://a.example/0.png" },
    options: { credits_per_megapixel: 0.5 },
  });
  const adapter = upscaler({ url: provider.url, key: "key-1" });
  deepStrictEqual(await adapter.start(job, never), {
    result: { images: [{ url: "https://cdn.example/1.png" }] },
    cost: 3,
  });
  deepStrictEqual(provider.asked[0]?.body, {
    image_url: "https://a.example/0.png",
    hint: "sharp",
  });
  await rejects(adapter.start(job, never), {
    reason: "provider_invalid_answer",
  });
  await rejects(adapter.start(jobOf({}), never), {
    reason: "provider_not_configured",
  });
});
