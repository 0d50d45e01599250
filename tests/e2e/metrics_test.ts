/** What a scrape is answered, after some traffic; held against `promtool`, of Debian's package prometheus. */

import { match, ok, strictEqual } from "node:assert/strict";
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

Deno.test("promtool finds nothing to say against what a scrape is answered", async () => {
  try {
    await Deno.stat(PROMTOOL);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    ok(Deno.env.get("CI") !== "true", `${PROMTOOL} is not installed`);
    // deno-lint-ignore no-console -- whoever runs the tests should know.
    console.log(`skipped: ${PROMTOOL} is not installed; it is in Debian's package prometheus`);
    return;
  }
  // It reads the text format of Prometheus, not OpenMetrics.
  const { text } = await scrape("text/plain");
  const child = new Deno.Command(PROMTOOL, {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  strictEqual(`${code} ${said}`, "0 ");
});
