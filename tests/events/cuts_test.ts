/** `deno task bench:events-cut` does the same with 100,000 events through 200 streams. */

import { ok, strictEqual } from "node:assert/strict";
import { stack } from "../support/stack.ts";
import { cutStreams } from "../../scripts/bench/cuts.ts";

Deno.test("40 streams that are cut at random places hear every event once, in order", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  // deno-lint-ignore no-console -- with it, a failure can be seen again.
  console.log(`seed ${seed}`);
  const outcome = await cutStreams(stack, { streams: 40, events: 3000, maxBytes: 16_000, seed });
  strictEqual(outcome.resets, 0);
  strictEqual(outcome.received, outcome.expected);
  ok(outcome.cuts > 40, `only ${outcome.cuts} were cut`);
  ok(outcome.connections > 40, `only ${outcome.connections} connections`);
});
