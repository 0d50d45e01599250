/** The log of the stack's functions, one JSON line each. */

import { join } from "node:path";
import { stack } from "./stack.ts";

const path = join(stack.folder, "logs/functions.log");

/** How long the log is, in bytes: where the lines of what follows begin. */
export async function logLength(): Promise<number> {
  return (await Deno.stat(path)).size;
}

/** The lines since `offset`, once the line of this request is among them. Looks, bounded: they come when they are written. */
export async function logSince(offset: number, requestId: string): Promise<string[]> {
  const until = performance.now() + 10_000;
  while (performance.now() < until) {
    const text = new TextDecoder().decode((await Deno.readFile(path)).subarray(offset));
    const lines = text.split("\n").slice(0, -1);
    if (lines.some((line) => line.includes('"request"') && line.includes(requestId))) return lines;
  }
  throw new Error(`The log has no line of the request ${requestId}`);
}
