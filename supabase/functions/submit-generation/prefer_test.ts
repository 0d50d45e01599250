import { strictEqual } from "node:assert/strict";
import { waitSeconds } from "./prefer.ts";

const seconds = (prefer: string) => waitSeconds(new Headers({ prefer }));

Deno.test("waitSeconds() reads the wait among other preferences", () => {
  strictEqual(seconds("wait=10"), 10);
  strictEqual(seconds('respond-async, wait="5"; foo=bar'), 5);
  strictEqual(seconds("Wait = 7"), 7);
});

Deno.test("waitSeconds() waits 60 seconds at most", () => {
  strictEqual(seconds("wait=600"), 60);
});

Deno.test("waitSeconds() ignores what it cannot read", () => {
  for (
    const prefer of ["", "wait", "wait=-1", "wait=soon", "return=minimal", 'foo="a, wait=5, b"']
  ) {
    strictEqual(seconds(prefer), 0);
  }
  strictEqual(waitSeconds(new Headers()), 0);
});
