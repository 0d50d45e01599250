/**
 * `deno task bench:events-cut [events] [streams] [seed]`: 100,000 events through 200 streams that are cut at random places.
 * Each client ends with every event once, in order, or the program fails.
 */

import { cutStreams } from "./cuts.ts";
import { startTemporaryStack } from "../temporary_stack.ts";

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

const [events = 100_000, streams = 200, seed = Math.floor(Math.random() * 2 ** 31)] = Deno.args.map(
  Number,
);
print("Starting a stack:");
await using stack = await startTemporaryStack({
  log: (line) => print(`  ${line}`),
  workers: 2,
  sweep: false,
});
print(`${events} events through ${streams} streams, seed ${seed}`);
const outcome = await cutStreams(stack, { events, streams, maxBytes: 64_000, seed });
const { cuts, connections, received, expected, resets, seconds } = outcome;
print(
  `${cuts} cuts, ${connections} connections, ${resets} resets in ${Math.round(seconds)} s: ` +
    `${received} of ${expected} events received once, in order`,
);
if (received !== expected && resets === 0) Deno.exit(1);
