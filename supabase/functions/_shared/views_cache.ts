/** The answers that a worker keeps, see views.ts: within a number of bytes, the least recently asked for makes room. */

import { LRUCache } from "lru-cache";
import type { Position } from "./position.ts";

/** An answer, and where its account was. */
export interface Kept {
  position: Position;
  json: string;
}

/** What an entry costs beside its characters, which take two bytes at most. */
const ENTRY_OVERHEAD_BYTES = 500;

/** @param evicted Called for each answer that makes room for another. */
export function createCache(
  maxBytes: number,
  evicted: () => void,
): LRUCache<string, Kept> {
  return new LRUCache<string, Kept>({
    maxSize: maxBytes,
    // One image must not drive out everything else.
    maxEntrySize: Math.floor(maxBytes / 8),
    sizeCalculation: ({ json }, key) => 2 * (json.length + key.length) + ENTRY_OVERHEAD_BYTES,
    dispose: (_value, _key, reason) => {
      if (reason === "evict") evicted();
    },
  });
}
