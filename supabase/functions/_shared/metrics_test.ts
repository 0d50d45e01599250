import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { createMetrics, type Metric } from "./metrics.ts";

const MINUTE = 60_000;

/** Metrics on a clock of the test's own. */
function start() {
  let now = Date.now();
  let due: { at: number; run(): void }[] = [];
  const told: { worker: string; metrics: Metric[] }[] = [];
  const background: Promise<unknown>[] = [];
  const state = { failing: false };
  const real = { now: Date.now, setTimeout: globalThis.setTimeout };
  Date.now = () => now;
  // deno-lint-ignore no-explicit-any -- no more of it is used.
  (globalThis as any).setTimeout = (run: () => void, ms: number) => due.push({ at: now + ms, run });
  const warnings: string[] = [];
  const metrics = createMetrics({
    call: (_name, parameters) => {
      if (state.failing) return Promise.reject(new Error("away"));
      told.push({
        worker: parameters["p_worker"] as string,
        metrics: parameters["p_metrics"] as Metric[],
      });
      return Promise.resolve({});
    },
    log: (_level, message) => warnings.push(message),
    waitUntil: (promise) => background.push(promise),
  });
  return {
    ...metrics,
    told,
    warnings,
    state,
    async pass(ms: number) {
      now += ms;
      const ready = due.filter(({ at }) => at <= now);
      due = due.filter(({ at }) => at > now);
      for (const { run } of ready) run();
      await Promise.all(background);
    },
    [Symbol.dispose]: () =>
      Object.assign(globalThis, { setTimeout: real.setTimeout }) &&
      (Date.now = real.now),
  };
}

/** What the database adds up: of each worker, what it told last. */
function total(
  told: { worker: string; metrics: Metric[] }[],
  name: string,
): number {
  const last = new Map(told.map(({ worker, metrics }) => [worker, metrics]));
  return [...last.values()].flat().filter((metric) => metric.name === name)
    .reduce((sum, { value }) => sum + value, 0);
}

Deno.test("what is counted is told once in a while, as totals, by name and labels", async () => {
  using worker = start();
  worker.count("reads", { view: "a" });
  worker.count("reads", { view: "a" }, 2);
  worker.count("reads", { view: "b" });
  strictEqual(worker.told.length, 0);
  await worker.pass(10_000);
  deepStrictEqual(worker.told.map(({ metrics }) => metrics), [[
    { name: "reads", labels: { view: "a" }, value: 3 },
    { name: "reads", labels: { view: "b" }, value: 1 },
  ]]);
  await worker.pass(MINUTE);
  strictEqual(worker.told.length, 1, "nothing new, nothing told");
});

Deno.test("what could not be told is with what is told next", async () => {
  using worker = start();
  worker.state.failing = true;
  worker.count("reads");
  await worker.pass(10_000);
  deepStrictEqual(worker.warnings, [
    "Metrics could not be recorded; they are with the next ones",
  ]);
  worker.state.failing = false;
  worker.count("reads");
  await worker.pass(10_000);
  strictEqual(total(worker.told, "reads"), 2);
});

Deno.test("after half an hour's silence a worker begins anew, and nothing is counted twice", async () => {
  using worker = start();
  worker.count("reads", {}, 5);
  await worker.pass(10_000);
  await worker.pass(31 * MINUTE);
  worker.count("reads", {}, 2);
  await worker.pass(10_000);
  strictEqual(new Set(worker.told.map(({ worker }) => worker)).size, 2);
  strictEqual(total(worker.told, "reads"), 7);
});

Deno.test("a worker that cannot tell is as silent as one that does not", async () => {
  using worker = start();
  worker.count("reads", {}, 5);
  await worker.pass(10_000);
  worker.state.failing = true;
  for (let i = 0; i < 40; i++) {
    worker.count("reads");
    await worker.pass(MINUTE);
  }
  worker.state.failing = false;
  worker.count("reads");
  await worker.pass(10_000);
  strictEqual(new Set(worker.told.map(({ worker }) => worker)).size, 2);
  strictEqual(total(worker.told, "reads"), 46);
});

Deno.test("what is still there is told again, until it is gone", async () => {
  using worker = start();
  worker.count("edge_credits_streams_open", {}, 1);
  for (let i = 0; i < 3; i++) await worker.pass(10_000);
  strictEqual(worker.told.length, 3);
  worker.count("edge_credits_streams_open", {}, -1);
  await worker.pass(10_000);
  await worker.pass(10_000);
  strictEqual(worker.told.length, 4);
  strictEqual(total(worker.told, "edge_credits_streams_open"), 0);
});
