/**
 * One user's writes go one at a time within a worker. They would queue on that user's row anyway; queueing here keeps
 * them from each holding a connection meanwhile, so that one user cannot starve the others.
 */

import { Problem } from "./problem.ts";

export type TakeTurns = <T>(
  userId: string,
  work: () => Promise<T>,
) => Promise<T>;

/** The longest that a write waits for those before it, in milliseconds; then `ACCOUNT_BUSY`. */
const MAX_WAIT_MS = 10_000;

/** A `TakeTurns` of its own: there is one for each worker. */
export function createTurns(maxWaitMs = MAX_WAIT_MS): TakeTurns {
  const lastOf = new Map<string, Promise<void>>();

  return async (userId, work) => {
    const before = lastOf.get(userId);
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    // Whoever gives up waiting still hands on the turn only when those before have finished.
    const chain = Promise.all([before, done]).then(() => {});
    lastOf.set(userId, chain);
    chain.then(() => {
      if (lastOf.get(userId) === chain) lastOf.delete(userId);
    });
    try {
      if (before && !(await settledWithin(before, maxWaitMs))) {
        throw new Problem(
          "ACCOUNT_BUSY",
          "Other requests of this account are in the way; try again in a moment",
          {},
          { "retry-after": "1" },
        );
      }
      return await work();
    } finally {
      finish();
    }
  };
}

async function settledWithin(
  promise: Promise<void>,
  milliseconds: number,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
