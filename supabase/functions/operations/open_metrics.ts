/** The text format of OpenMetrics 1.0, and the older one of Prometheus, with Prometheus's naming. */

import { DELIVERY_BUCKETS, type Metric } from "../_shared/metrics.ts";

/** How the numbers can be written, by the media type of each. */
export const MEDIA_TYPES = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
} as const;

export type Format = keyof typeof MEDIA_TYPES;

/** What a scraper asked for: OpenMetrics, unless it takes plain text and does not name that. */
export function formatFor(accept: string | null): Format {
  const isPlain = /\btext\/plain\b/i.test(accept ?? "") &&
    !/\bapplication\/openmetrics-text\b/i.test(accept ?? "");
  return isPlain ? "prometheus" : "openmetrics";
}

interface Family {
  type: "counter" | "gauge" | "histogram";
  unit?: "seconds";
  help: string;
}

/** Every metric that there is. What is counted and not named here is a bug, and throws. */
const FAMILIES: Record<string, Family> = {
  edge_credits_charges: { type: "counter", help: "Charges of generations." },
  edge_credits_charged_credits: {
    type: "counter",
    help: "Credits that were charged.",
  },
  edge_credits_submissions: {
    type: "counter",
    help: "Generations that were started.",
  },
  edge_credits_settlements: {
    type: "counter",
    help: "Generations that workers, users and operators settled, by state.",
  },
  edge_credits_refunds: {
    type: "counter",
    help: "Settlements that gave credits back, by reason.",
  },
  edge_credits_refunded_credits: {
    type: "counter",
    help: "Credits that came back, by reason.",
  },
  edge_credits_grants: {
    type: "counter",
    help: "Grants and adjustments by operators.",
  },
  edge_credits_expired_on_read: {
    type: "counter",
    help: "Overdue generations that a read expired.",
  },
  edge_credits_refusals: {
    type: "counter",
    help: "Requests that were refused, by code.",
  },
  edge_credits_generations_unsettled: {
    type: "gauge",
    help: "Generations that are not settled, by state.",
  },
  edge_credits_sweeps: { type: "counter", help: "Runs of the sweeper." },
  edge_credits_swept_generations: {
    type: "counter",
    help: "Generations that the sweeper expired.",
  },
  edge_credits_swept_credits: {
    type: "counter",
    help: "Credits that the sweeper gave back.",
  },
  edge_credits_sweep_failures: {
    type: "gauge",
    help: "Generations that the sweeper cannot refund.",
  },
  edge_credits_last_sweep_timestamp_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "When the sweeper succeeded last.",
  },
  edge_credits_view_reads: {
    type: "counter",
    help: "Reads of views, by outcome: hit, miss, validated.",
  },
  edge_credits_view_evictions: {
    type: "counter",
    help: "Kept answers that made room for others.",
  },
  edge_credits_notifications_stored: {
    type: "counter",
    help: "Notifications that were stored, by topic.",
  },
  edge_credits_notifications_deduplicated: {
    type: "counter",
    help: "Notifications that were dropped as duplicates.",
  },
  edge_credits_events_delivered: {
    type: "counter",
    help: "Events that were handed to streams, by kind.",
  },
  edge_credits_delivery_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "From an event's commit clock to the stream, by kind.",
  },
  edge_credits_streams_open: { type: "gauge", help: "Streams that are open." },
  edge_credits_streams_ended: {
    type: "counter",
    help: "Streams that have ended, by reason; slow: the reader was cut.",
  },
  edge_credits_poller_queries: {
    type: "counter",
    help: "Questions of the pollers to the database.",
  },
};

/** The exposition of these numbers. */
export function openMetrics(
  metrics: Metric[],
  format: Format = "openmetrics",
): string {
  const isOpen = format === "openmetrics";
  const lines: string[] = [];
  const left = new Set(metrics);
  for (const [name, { type, unit, help }] of Object.entries(FAMILIES)) {
    const own = metrics.filter((metric) => metric.name.replace(/_(bucket|sum)$/, "") === name);
    for (const metric of own) left.delete(metric);
    const sampleName = type === "counter" ? `${name}_total` : name;
    const family = isOpen ? name : sampleName;
    lines.push(`# TYPE ${family} ${type}`);
    if (unit && isOpen) lines.push(`# UNIT ${family} ${unit}`);
    lines.push(`# HELP ${family} ${help}`);
    if (type === "histogram") lines.push(...histogram(name, own));
    else lines.push(...own.map(({ labels, value }) => sample(sampleName, labels, value)));
  }
  const [unknown] = left;
  if (unknown) throw new Error(`${unknown.name} is counted, and has no family`);
  return [...lines, ...(isOpen ? ["# EOF"] : []), ""].join("\n");
}

/** Each observation was counted in one bucket; here they are added up, as a histogram has them. */
function histogram(name: string, metrics: Metric[]): string[] {
  const bySeries = Map.groupBy(
    metrics,
    ({ labels: { le: _, ...rest } }) => JSON.stringify(rest),
  );
  return [...bySeries].flatMap(([series, own]) => {
    const labels = JSON.parse(series);
    let count = 0;
    const buckets = [...DELIVERY_BUCKETS, "+Inf"].map((bound) => {
      count += own.find((metric) => metric.labels["le"] === String(bound))?.value ?? 0;
      // OpenMetrics writes 1.0, not 1; in both formats, so that both name the same series.
      const le = Number.isInteger(bound) ? `${bound}.0` : String(bound);
      return sample(`${name}_bucket`, { ...labels, le }, count);
    });
    const sum = own.find((metric) => metric.name.endsWith("_sum"))?.value ?? 0;
    return [
      ...buckets,
      sample(`${name}_count`, labels, count),
      sample(`${name}_sum`, labels, sum),
    ];
  });
}

function sample(
  name: string,
  labels: Record<string, string>,
  value: number,
): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll(
    "\n",
    "\\n",
  );
}
