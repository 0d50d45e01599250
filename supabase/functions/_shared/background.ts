/** Work that goes on after the answer. The platform keeps the worker alive for it, and promises nothing: the row is the truth. */

declare const EdgeRuntime: { waitUntil(promise: Promise<unknown>): void };

export function waitUntil(promise: Promise<unknown>): void {
  EdgeRuntime.waitUntil(promise);
}
