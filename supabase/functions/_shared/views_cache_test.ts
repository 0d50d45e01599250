import { ok, strictEqual } from "node:assert/strict";
import { createCache } from "./views_cache.ts";

const position = { epoch: 1, version: 1 };

Deno.test("createCache() never keeps more than it may, over 20,000 answers of odd sizes", () => {
  const maxBytes = 1_000_000;
  let evictions = 0;
  const cache = createCache(maxBytes, () => evictions++);
  let random = 1;
  const next = (below: number) => (random = (random * 48271) % 2147483647) % below;
  for (let i = 0; i < 20_000; i++) {
    const length = [0, 1, 17, next(500), next(5000), next(100_000)][next(6)]!;
    cache.set(`key ${next(5000)}`, { position, json: "x".repeat(length) });
    ok(
      cache.calculatedSize <= maxBytes,
      `${cache.calculatedSize} bytes after ${i}`,
    );
  }
  const characters = [...cache.entries()].reduce(
    (sum, [key, { json }]) => sum + key.length + json.length,
    0,
  );
  strictEqual(cache.calculatedSize, 2 * characters + 500 * cache.size);
  ok(cache.calculatedSize > maxBytes / 2, "it does keep something");
  ok(evictions > 1000);
});

Deno.test("createCache() keeps no answer above an eighth of it, and drops the one that it would replace", () => {
  const cache = createCache(100_000, () => {});
  cache.set("key", { position, json: "small" });
  cache.set("key", { position, json: "x".repeat(7000) });
  strictEqual(cache.size, 0);
  strictEqual(cache.calculatedSize, 0);
});
