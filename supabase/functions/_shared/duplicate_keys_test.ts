import { strictEqual } from "node:assert/strict";
import { duplicateKey } from "./duplicate_keys.ts";

const doubles: [string, string, string][] = [
  ["beside each other", '{"a":1,"a":2}', "a"],
  ["with equal values", '{"a":1,"b":2,"a":1}', "a"],
  ["through an escape", '{"a":1,"\\u0061":2}', "a"],
  ["through an escaped solidus", '{"a/b":1,"a\\/b":2}', "a/b"],
  ["with space before the colon", '{"a" : 1, "a"\n:2}', "a"],
  ["in an inner object", '{"x":{"a":1,"a":2}}', "x.a"],
  ["in an object of an array", '{"x":[{"a":1},[],{"b":1,"b":2}]}', "x.2.b"],
  ["around an inner object with the same key", '{"a":{"a":1},"a":2}', "a"],
  ["after a string that looks like JSON", '{"a":"{\\"a\\":","b":1,"b":2}', "b"],
  ["after a string that ends in a backslash", '{"a":"\\\\","a":1}', "a"],
  ["when the key is empty", '{"":1,"":2}', ""],
  ["when the key is __proto__", '{"__proto__":1,"__proto__":2}', "__proto__"],
];
for (const [where, json, path] of doubles) {
  Deno.test(`duplicateKey() finds a key that stands twice ${where}`, () => {
    JSON.parse(json);
    strictEqual(duplicateKey(json), path);
  });
}

const singles: [string, string][] = [
  [
    "the same key in objects beside each other",
    '{"x":[{"a":1},{"a":2}],"y":{"a":3}}',
  ],
  ["the same key in objects within each other", '{"a":{"a":{"a":1}}}'],
  ["keys that differ in case", '{"a":1,"A":2}'],
  ["keys that differ in normalization", '{"\\u00e9":1,"e\\u0301":2}'],
  ["a value like its key", '{"a":"a","b":"a"}'],
  ["equal strings in an array", '["a","a"]'],
  ["a string that looks like an object", '{"a":"\\"a\\":1,\\"a\\":2"}'],
  ["no object at all", '"a"'],
];
for (const [what, json] of singles) {
  Deno.test(`duplicateKey() allows ${what}`, () => {
    JSON.parse(json);
    strictEqual(duplicateKey(json), null);
  });
}

Deno.test("duplicateKey() takes a deep nest and a long string", () => {
  strictEqual(duplicateKey("[".repeat(30_000) + "]".repeat(30_000)), null);
  strictEqual(duplicateKey(`{"a":"${'\\"'.repeat(30_000)}"}`), null);
});
