import { strictEqual } from "node:assert/strict";
import type { Notification } from "./feed.ts";
import { Throttle } from "./throttle.ts";

const START = Date.parse("2026-11-21T12:00:00Z");

/** A notification of so many seconds after twelve. */
function at(seconds: number): Notification {
  const created_at = new Date(START + seconds * 1000).toISOString();
  return {
    topic: "t",
    id: seconds,
    kind: "k",
    subject: "s",
    status: "x",
    payload: {},
    created_at,
  };
}

const time = (seconds: number) => START + seconds * 1000;
const every = (seconds: number) => ({
  muted: false,
  min_interval_seconds: seconds,
});
const muted = { muted: true, min_interval_seconds: 0 };

Deno.test("a throttle without an interval passes all at once", () => {
  const throttle = new Throttle(every(0));
  for (const seconds of [1, 2, 2, 3]) {
    strictEqual(throttle.pass(at(seconds))?.id, seconds);
  }
  strictEqual(throttle.isWaiting, false);
});

Deno.test("a throttle gives the newest of a window when the window has ended, once", () => {
  const throttle = new Throttle(every(10));
  for (const seconds of [1, 5, 9]) {
    strictEqual(throttle.pass(at(seconds)), null);
  }
  strictEqual(throttle.take(time(9)), null);
  strictEqual(throttle.take(time(10))?.id, 9);
  strictEqual(throttle.take(time(30)), null);
  strictEqual(throttle.isWaiting, false);
});

Deno.test("a throttle gives two no closer than its interval, however late the first was", () => {
  const throttle = new Throttle(every(10));
  throttle.pass(at(1));
  strictEqual(throttle.take(time(17))?.id, 1);
  throttle.pass(at(18));
  strictEqual(throttle.take(time(20)), null);
  strictEqual(throttle.take(time(27))?.id, 18);
});

Deno.test("a throttle is not starved by a busy topic", () => {
  const throttle = new Throttle(every(10));
  const given: number[] = [];
  for (let second = 0; second < 60; second++) {
    throttle.pass(at(second));
    const due = throttle.take(time(second));
    if (due) given.push(due.id);
  }
  strictEqual(given.join(), "10,20,30,40,50");
});

Deno.test("a throttle gives at once what waited while the client was away", () => {
  const throttle = new Throttle(every(10));
  for (const seconds of [1, 25, 47]) throttle.pass(at(seconds));
  strictEqual(throttle.take(time(60))?.id, 47);
});

Deno.test("a muted throttle gives nothing, nor what waited before", () => {
  const throttle = new Throttle(every(10));
  throttle.pass(at(1));
  throttle.prefer(muted);
  strictEqual(throttle.isWaiting, false);
  strictEqual(throttle.pass(at(2)), null);
  strictEqual(throttle.isWaiting, false);
  strictEqual(throttle.take(time(1000)), null);
});

Deno.test("what waits goes by the new interval: shorter, longer, none", () => {
  const throttle = new Throttle(every(3600));
  throttle.pass(at(1));
  throttle.prefer(every(10));
  strictEqual(throttle.take(time(9)), null);
  throttle.prefer(every(60));
  strictEqual(throttle.take(time(10)), null);
  throttle.prefer(every(0));
  strictEqual(throttle.take(time(2))?.id, 1);
});
