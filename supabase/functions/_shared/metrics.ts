/** What this worker counts, and tells the database, where a scrape finds it whichever worker answers. */

import type { Call } from "./database.ts";
import { describe, type Log } from "./log.ts";

/** Adds `by` (1 when left out) to a number, which a name and its labels make. */
export type Count = (
  name: string,
  labels?: Record<string, string>,
  by?: number,
) => void;

export interface Metric {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Metrics {
  count: Count;
  /** All that was counted since the worker began. */
  read(): Metric[];
}

export interface MetricsOptions {
  call: Call;
  log: Log;
  /** Keeps the worker alive until a promise is settled. */
  waitUntil(promise: Promise<unknown>): void;
}

/** Upper bounds of the buckets of `edge_credits_delivery_seconds`, in seconds. */
export const DELIVERY_BUCKETS = [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 60];

/** Numbers that go up and down: what is, not what was. Those of a worker that is silent are not counted. */
const GAUGES = new Set(["edge_credits_streams_open"]);

/** How long after something new was counted the database is told, in milliseconds. What was not told is lost with the worker. */
const TELL_AFTER_MS = 10_000;
/** After so long a silence a worker begins anew: its former numbers may have been added up meanwhile (compact_metrics). */
const SILENCE_MS = 30 * 60_000;

export function createMetrics(
  { call, log, waitUntil }: MetricsOptions,
): Metrics {
  let worker = crypto.randomUUID();
  /** When the database last said that it was told. */
  let toldAt = Date.now();
  let telling = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const metrics = new Map<string, Metric>();
  /** What the database was told, by the key of the metric. */
  const told = new Map<string, number>();

  async function tell(): Promise<void> {
    if (Date.now() - toldAt > SILENCE_MS) beginAnew();
    const news = [...metrics].map(([key, metric]) => ({
      key,
      metric: { ...metric },
    }));
    try {
      await call("record_metrics", {
        p_worker: worker,
        p_metrics: news.map(({ metric }) => metric),
      }, { repeatable: true });
      for (const { key, metric } of news) told.set(key, metric.value);
      toldAt = Date.now();
    } catch (error) {
      log(
        "warn",
        "Metrics could not be recorded; they are with the next ones",
        describe(error),
      );
    }
    // What is still there is told again, so that it is not taken for a silent worker's.
    if (
      [...metrics.values()].some(({ name, value }) => GAUGES.has(name) && value !== 0)
    ) {
      tellSoon();
    }
  }

  function tellSoon(): void {
    timer ??= setTimeout(() => {
      timer = null;
      // One after the other: an older total must not arrive after a newer one.
      telling = telling.then(tell);
      waitUntil(telling);
    }, TELL_AFTER_MS);
  }

  function beginAnew(): void {
    worker = crypto.randomUUID();
    for (const [key, metric] of metrics) {
      if (!GAUGES.has(metric.name)) metric.value -= told.get(key) ?? 0;
    }
    told.clear();
  }

  return {
    count(name, labels = {}, by = 1) {
      const key = JSON.stringify([name, labels]);
      const metric = metrics.get(key);
      if (metric) metric.value += by;
      else metrics.set(key, { name, labels, value: by });
      tellSoon();
    },
    read: () => [...metrics.values()].map((metric) => ({ ...metric })),
  };
}
