import { deepStrictEqual, rejects } from "node:assert/strict";
import { MAX_BODY_BYTES, readBody } from "./body.ts";

function request(body: BodyInit | null, type = "application/json"): Request {
  return new Request("http://localhost/", {
    method: "POST",
    body,
    headers: { "content-type": type },
  });
}

Deno.test("readBody() takes an empty body for an empty object, whatever its type", async () => {
  deepStrictEqual(await readBody(request(null, "text/plain")), {});
  deepStrictEqual(await readBody(request("")), {});
});

Deno.test("readBody() takes a charset beside the type", async () => {
  deepStrictEqual(
    await readBody(request('{"a":1}', "application/json; charset=utf-8")),
    { a: 1 },
  );
});

const refusals: [string, BodyInit, string, string?][] = [
  ["another media type", "{}", "UNSUPPORTED_MEDIA_TYPE", "text/plain"],
  ["a body over the limit", " ".repeat(MAX_BODY_BYTES + 1), "BODY_TOO_LARGE"],
  ["a truncated body", '{"a":', "INVALID_REQUEST"],
  ["a key that stands twice", '{"a":1,"\\u0061":1}', "INVALID_REQUEST"],
  ["a body that is no object", "[1]", "INVALID_REQUEST"],
  [
    "a body that is not UTF-8",
    new Uint8Array([0x7b, 0xff, 0x7d]),
    "INVALID_REQUEST",
  ],
  ["a NUL character", '{"a":"\\u0000"}', "INVALID_REQUEST"],
  ["half of a surrogate pair", '{"a":"\\ud800"}', "INVALID_REQUEST"],
  ["half of a surrogate pair in a key", '{"\\ud800":1}', "INVALID_REQUEST"],
  ["a number beyond a double", '{"a":1e999}', "INVALID_REQUEST"],
  [
    "a bottomless nest",
    "[".repeat(30_000) + "]".repeat(30_000),
    "INVALID_REQUEST",
  ],
  [
    "an object nested too deep",
    '{"a":'.repeat(40) + "1" + "}".repeat(40),
    "INVALID_REQUEST",
  ],
];
for (const [what, body, code, type] of refusals) {
  Deno.test(`readBody() refuses ${what}`, async () => {
    await rejects(readBody(request(body, type)), { code });
  });
}
