import { strictEqual, throws } from "node:assert/strict";
import { readIdempotencyKey } from "./idempotency.ts";

const read = (key: string) => readIdempotencyKey(new Headers({ "idempotency-key": key }));

Deno.test("readIdempotencyKey() answers null without the header", () => {
  strictEqual(readIdempotencyKey(new Headers()), null);
});

Deno.test("readIdempotencyKey() takes a key bare or in quotes for the same", () => {
  strictEqual(read("a_Z:0.9-x"), "a_Z:0.9-x");
  strictEqual(read('"a_Z:0.9-x"'), "a_Z:0.9-x");
});

Deno.test("readIdempotencyKey() takes 1 to 255 characters", () => {
  strictEqual(read("k"), "k");
  strictEqual(read("k".repeat(255)), "k".repeat(255));
  for (const key of ["", '""', "k".repeat(256), "a b", "é", '"a', "a,b"]) {
    throws(() => read(key), { code: "IDEMPOTENCY_KEY_INVALID" });
  }
});
