import { deepStrictEqual } from "node:assert/strict";
import { STATUS_OF } from "./problem.ts";

Deno.test("docs/errors.md has one anchor for each code, and lists it with its status", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/errors.md", import.meta.url));
  const headings = Array.from(page.matchAll(/^### ([A-Z_]+)$/gm), ([, code]) => code);
  const listed = Array.from(
    page.matchAll(/^\| (\d+) \| (.*?) \| .*\|$/gm),
    ([, status, codes = ""]) =>
      Array.from(codes.matchAll(/\[`([A-Z_]+)`\]\(#([a-z_]+)\)/g), ([, code, anchor]) => [
        code,
        { status: Number(status), anchor },
      ]),
  ).flat();
  for (const [code, status] of Object.entries(STATUS_OF)) {
    deepStrictEqual(headings.filter((heading) => heading === code), [code]);
    deepStrictEqual(
      listed.filter(([name]) => name === code),
      [[code, { status, anchor: code.toLowerCase() }]],
    );
  }
});
