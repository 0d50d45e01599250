/** What a scrape is answered, after some traffic; held against `promtool`, of Debian's package prometheus. */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { listen } from "../support/event_stream.ts";
import { newUser, operate, settled } from "../support/http.ts";
import { stack } from "../support/stack.ts";

const PROMTOOL = Deno.env.get("PROMTOOL") ?? "/usr/bin/promtool";

async function scrape(accept?: string): Promise<{ type: string; text: string }> {
  const response = await fetch(`${stack.functionsUrl}/operations/metrics`, {
    headers: { apikey: stack.secretKey, ...(accept ? { accept } : {}) },
  });
  strictEqual(response.status, 200);
  return { type: response.headers.get("content-type") ?? "", text: await response.text() };
}

const valueOf = (text: string, sample: string) =>
  Number(text.split("\n").find((line) => line.startsWith(`${sample} `))?.split(" ").at(-1) ?? 0);

/** Workers tell what they have counted every ten seconds. Looks, bounded. */
async function scrapeUntil(check: (text: string) => boolean): Promise<string> {
  const until = performance.now() + 60_000;
  for (;;) {
    const { text } = await scrape();
    if (check(text)) return text;
    if (performance.now() > until) throw new Error(`It was never counted:\n${text}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

Deno.test("what happens is counted: charges, refunds by reason, refusals by code, grants, notifications", async () => {
  const { text: before } = await scrape();
  const user = await newUser(3);
  const { body: draft } = await user.post("/submit-generation", {
    type: "draft",
    input: { prompt: "[fail]" },
  });
  await settled(user, draft.generation_id);
  await user.post("/check-and-deduct-credit", { type: "poster" }); // refused: it costs 5
  await operate("POST", "/operations/grants", { user_id: user.id, amount: 7, reason: "test" });
  await user.post("/check-and-deduct-credit", { type: "poster" });
  await user.post("/refund-credit");
  const subject = crypto.randomUUID();
  const notice = { topic: "orders", kind: "k", subject, status: "s" };
  for (let n = 0; n < 3; n++) await operate("POST", "/operations/notifications", notice);

  const expected = {
    'edge_credits_refusals_total{code="INSUFFICIENT_CREDITS"}': 1,
    'edge_credits_refunds_total{reason="released"}': 1,
    'edge_credits_refunded_credits_total{reason="released"}': 5,
    "edge_credits_submissions_total": 1,
    "edge_credits_charges_total": 2,
    "edge_credits_charged_credits_total": 6,
    'edge_credits_notifications_stored_total{topic="orders"}': 1,
    "edge_credits_notifications_deduplicated_total": 2,
    'edge_credits_settlements_total{status="failed"}': 1,
  };
  // Other tests may have counted, too: at least.
  await scrapeUntil((text) =>
    Object.entries(expected).every(([sample, more]) =>
      valueOf(text, sample) >= valueOf(before, sample) + more
    )
  );
});

Deno.test("a scrape is OpenMetrics, and plain text for who asks for nothing else", async () => {
  const open = await scrape("application/openmetrics-text;version=1.0.0,text/plain;q=0.1");
  match(open.type, /^application\/openmetrics-text; version=1\.0\.0/);
  ok(open.text.endsWith("\n# EOF\n"));
  const plain = await scrape("text/plain");
  match(plain.type, /^text\/plain; version=0\.0\.4/);
  ok(!plain.text.includes("# EOF"));
});

/** Whether promtool is there. Where it has to be, that it is not is a failure. */
async function hasPromtool(): Promise<boolean> {
  try {
    await Deno.stat(PROMTOOL);
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    ok(Deno.env.get("CI") !== "true", `${PROMTOOL} is not installed`);
    // deno-lint-ignore no-console -- whoever runs the tests should know.
    console.log(
      `skipped: ${PROMTOOL} is not installed; it is in Debian's package prometheus`,
    );
    return false;
  }
}

async function promtool(
  args: string[],
  input = "",
): Promise<{ code: number; said: string }> {
  const child = new Deno.Command(PROMTOOL, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [{ code, stdout, stderr }] = await Promise.all([
    child.output(),
    new Blob([input]).stream().pipeTo(child.stdin),
  ]);
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("promtool finds nothing to say against what a scrape is answered in plain text", async () => {
  if (!(await hasPromtool())) return;
  const { text } = await scrape("text/plain");
  deepStrictEqual(await promtool(["check", "metrics"], text), {
    code: 0,
    said: "",
  });
});

/** The lines of a text that are samples, each as what `promtool tsdb dump` makes of it, without the time. */
function samplesOf(text: string): string[] {
  return text.split("\n").filter((line) => /^[^#]/.test(line)).map((line) => {
    const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    ok(name && value, `no sample: ${line}`);
    const pairs = (labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? []).sort();
    return `{${[`__name__="${name}"`, ...pairs].join(", ")}} ${Number(value)}`;
  });
}

/**
 * Has promtool read an OpenMetrics text, and answers the samples that it has then. What reads OpenMetrics is not its check of
 * metrics, but what fills a database with the past: so it asks for a time on each sample, which a scrape does not have.
 */
async function backfill(
  text: string,
): Promise<{ said: string; samples: string[] }> {
  const folder = await Deno.makeTempDir();
  try {
    const now = Math.floor(Date.now() / 1000);
    const file = `${folder}/metrics`;
    await Deno.writeTextFile(
      file,
      text.replaceAll(/^[^#\n].*$/gm, (line) => `${line} ${now}`),
    );
    const blocks = `${folder}/blocks`;
    const read = await promtool([
      "tsdb",
      "create-blocks-from",
      "openmetrics",
      "-q",
      file,
      blocks,
    ]);
    if (read.code !== 0) return { said: read.said, samples: [] };
    await Deno.mkdir(`${blocks}/wal`); // which the dump looks for
    const { code, said } = await promtool(["tsdb", "dump", blocks]);
    strictEqual(code, 0, said);
    const samples = said.trim().split("\n").map((line) => {
      const [, series, value, time] = /^(\{.*\}) (\S+) (\d+)$/.exec(line) ?? [];
      strictEqual(Number(time), now * 1000, line);
      return `${series} ${Number(value)}`;
    });
    return { said: read.said, samples };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("promtool reads every sample of what a scrape is answered in OpenMetrics, and refuses a broken one", async () => {
  if (!(await hasPromtool())) return;
  {
    const user = await newUser();
    await using stream = await listen(user, { topics: "account" });
    await stream.until("hello");
    await operate("POST", "/operations/grants", {
      user_id: user.id,
      amount: 1,
      reason: "test",
    });
    await stream.until("account");
  }
  await scrapeUntil((text) => text.includes("\nedge_credits_delivery_seconds_bucket{"));
  const { text } = await scrape("application/openmetrics-text");
  const expected = samplesOf(text);
  ok(
    expected.some((sample) => /_seconds_bucket".*, le="\+Inf"/.test(sample)),
    text,
  );
  const { said, samples } = await backfill(text);
  strictEqual(said, "");
  deepStrictEqual(samples.toSorted(), expected.toSorted());

  // It does not see a counter that is not called _total; the check of plain text does.
  for (
    const [broken, why] of [
      [text.replace("# EOF\n", ""), /does not end with # EOF/],
      [text.replace(/^(# UNIT .*) seconds$/m, "$1 bytes"), /unit not a suffix/],
      [
        text.replace(/^(# TYPE .*) counter$/m, "$1 count"),
        /invalid metric type/,
      ],
      [text.replace("_bucket{", "_bucket{{"), /expected/],
    ] as const
  ) {
    match((await backfill(broken)).said, why);
  }
});
