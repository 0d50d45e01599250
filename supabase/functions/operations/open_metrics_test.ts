import { ok, strictEqual, throws } from "node:assert/strict";
import type { Metric } from "../_shared/metrics.ts";
import { formatFor, openMetrics } from "./open_metrics.ts";

const metric = (
  name: string,
  value: number,
  labels: Record<string, string> = {},
): Metric => ({
  name: `edge_credits_${name}`,
  labels,
  value,
});

Deno.test("openMetrics() names counters _total, and gauges as they are", () => {
  const lines = openMetrics([
    metric("charges", 3),
    metric("streams_open", 2),
    metric("refunds", 1, { reason: "failed" }),
  ]).split("\n");
  ok(lines.includes("# TYPE edge_credits_charges counter"));
  ok(lines.includes("edge_credits_charges_total 3"));
  ok(lines.includes("edge_credits_streams_open 2"));
  ok(lines.includes('edge_credits_refunds_total{reason="failed"} 1'));
  strictEqual(lines.slice(-2).join("|"), "# EOF|");
});

Deno.test("openMetrics() adds the buckets of a histogram up, each series by itself", () => {
  const bucket = (le: string, value: number, kind: string) =>
    metric("delivery_seconds_bucket", value, { kind, le });
  const text = openMetrics([
    bucket("0.1", 3, "account"),
    bucket("0.3", 2, "account"),
    bucket("+Inf", 1, "account"),
    metric("delivery_seconds_sum", 99.5, { kind: "account" }),
    bucket("60", 4, "notification"),
    metric("delivery_seconds_sum", 200, { kind: "notification" }),
  ]);
  const value = (sample: string) =>
    text.split("\n").find((line) => line.startsWith(`edge_credits_delivery_seconds_${sample} `))
      ?.split(" ").at(-1);
  const buckets = (kind: string) =>
    ["0.05", "0.1", "0.2", "0.3", "60.0", "+Inf"].map((le) =>
      value(`bucket{kind="${kind}",le="${le}"}`)
    ).join();
  strictEqual(buckets("account"), "0,3,3,5,5,6");
  strictEqual(buckets("notification"), "0,0,0,0,4,4");
  strictEqual(value('count{kind="account"}'), "6");
  strictEqual(value('sum{kind="account"}'), "99.5");
  strictEqual(value('count{kind="notification"}'), "4");
});

Deno.test("openMetrics() escapes what a label says", () => {
  const text = openMetrics([metric("refunds", 1, { reason: 'a"b\\c\nd' })]);
  ok(text.includes('edge_credits_refunds_total{reason="a\\"b\\\\c\\nd"} 1\n'));
});

Deno.test("openMetrics() throws for what has no family", () => {
  throws(
    () => openMetrics([metric("surprises", 1)]),
    /edge_credits_surprises is counted/,
  );
});

Deno.test("the Prometheus text format names a counter's family as its sample, and has no end and no unit", () => {
  const lines = openMetrics([metric("charges", 3)], "prometheus").split("\n");
  ok(lines.includes("# TYPE edge_credits_charges_total counter"));
  ok(
    lines.includes("# HELP edge_credits_charges_total Charges of generations."),
  );
  ok(lines.includes("edge_credits_charges_total 3"));
  ok(lines.every((line) => !/^# (UNIT|EOF)/.test(line)));
});

Deno.test("formatFor() answers OpenMetrics, and plain text to who asks for nothing else", () => {
  for (
    const accept of [
      null,
      "*/*",
      "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
    ]
  ) {
    strictEqual(formatFor(accept), "openmetrics");
  }
  for (
    const accept of ["text/plain", "text/plain;version=0.0.4;q=1,*/*;q=0.1"]
  ) {
    strictEqual(formatFor(accept), "prometheus");
  }
});
