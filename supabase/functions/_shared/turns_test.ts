import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { createTurns } from "./turns.ts";

Deno.test("takeTurns() runs one user's work in order, one at a time", async () => {
  const takeTurns = createTurns();
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await Promise.resolve();
    order.push(`${name} ends`);
  };
  await Promise.all([takeTurns("u", work("a")), takeTurns("u", work("b"))]);
  deepStrictEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
});

Deno.test("takeTurns() lets other users pass", async () => {
  const takeTurns = createTurns();
  const held = Promise.withResolvers<void>();
  const first = takeTurns("u", () => held.promise);
  strictEqual(await takeTurns("v", () => Promise.resolve("done")), "done");
  held.resolve();
  await first;
});

Deno.test("takeTurns() hands on the turn when the work before failed", async () => {
  const takeTurns = createTurns();
  const failing = takeTurns("u", () => Promise.reject(new Error("no")));
  const next = takeTurns("u", () => Promise.resolve("done"));
  await rejects(failing, /no/);
  strictEqual(await next, "done");
});

Deno.test("takeTurns() refuses whoever has waited too long, and still keeps the order", async () => {
  const takeTurns = createTurns(1);
  const held = Promise.withResolvers<void>();
  const order: string[] = [];
  const first = takeTurns("u", async () => {
    await held.promise;
    order.push("first");
  });
  await rejects(takeTurns("u", () => Promise.resolve()), {
    code: "ACCOUNT_BUSY",
    status: 503,
  });
  held.resolve();
  await first;
  await takeTurns("u", async () => {
    order.push("last");
    await Promise.resolve();
  });
  deepStrictEqual(order, ["first", "last"]);
});
