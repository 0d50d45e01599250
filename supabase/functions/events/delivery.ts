/** How many events were delivered, and how long they took from the clock of their commit to the stream. */

import { type Count, DELIVERY_BUCKETS } from "../_shared/metrics.ts";

/**
 * Each observation is counted in one bucket, the smallest that holds it; the scrape adds them up.
 *
 * @param createdAt When the event was written, by the database's clock, read under the lock; null where the client was away
 *   meanwhile, so that it says nothing of how fast we are.
 */
export function countDelivery(
  count: Count,
  kind: string,
  createdAt: string | null,
): void {
  count("edge_credits_events_delivered", { kind });
  if (createdAt === null) return;
  const seconds = Math.max(0, Date.now() - Date.parse(createdAt)) / 1000;
  const bound = DELIVERY_BUCKETS.find((bound) => seconds <= bound);
  count("edge_credits_delivery_seconds_bucket", {
    kind,
    le: bound?.toString() ?? "+Inf",
  });
  count("edge_credits_delivery_seconds_sum", { kind }, seconds);
}
