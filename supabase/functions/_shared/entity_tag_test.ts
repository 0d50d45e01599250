import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { entityTag, hasTag, heldPositions, shortHash } from "./entity_tag.ts";

const ANN = "5f0c1f6e-0000-4000-8000-000000000001";
const BEN = "5f0c1f6e-0000-4000-8000-000000000002";
const position = { epoch: 1795204790022, version: 57 };
const tag = entityTag(ANN, position);
const holding = (value: string) => new Headers({ "if-none-match": value });

Deno.test("entityTag() names epoch, version and user, and does not give the user away", () => {
  match(tag, /^"1795204790022\.57\.[\w-]{16}"$/);
  strictEqual(tag.includes(ANN.slice(0, 8)), false);
  strictEqual(tag === entityTag(BEN, position), false);
});

Deno.test("shortHash() is the same for the same text alone", () => {
  strictEqual(shortHash(ANN), shortHash(ANN));
  strictEqual(shortHash(ANN) === shortHash(BEN), false);
});

Deno.test("hasTag() finds the tag alone, in a list, weak, and in what * stands for", () => {
  for (
    const value of [
      tag,
      `"a", ${tag}`,
      `${tag},"a"`,
      `W/${tag}`,
      `"a,b", W/"c" , W/${tag}`,
      "*",
      " * ",
    ]
  ) {
    strictEqual(hasTag(holding(value), tag), true, value);
  }
});

Deno.test("hasTag() finds nothing else", () => {
  strictEqual(hasTag(new Headers(), tag), false);
  const older = entityTag(ANN, { ...position, version: 56 });
  for (
    const value of [
      "",
      older,
      entityTag(BEN, position),
      tag.slice(1, -1),
      `"*"`,
      `"a*", *`,
      "a*",
      `"${tag}`,
    ]
  ) {
    strictEqual(hasTag(holding(value), tag), false, value);
  }
});

Deno.test("heldPositions() answers every position of this user's tags, weak or not", () => {
  const other = { epoch: 1795204790021, version: 3 };
  deepStrictEqual(
    heldPositions(holding(`"x", W/${entityTag(ANN, other)}, ${tag}`), ANN),
    [other, position],
  );
});

Deno.test("heldPositions() takes no other user's tag", () => {
  deepStrictEqual(heldPositions(holding(entityTag(BEN, position)), ANN), []);
});

Deno.test("heldPositions() takes no tag that entityTag() would have written otherwise", () => {
  const user = shortHash(ANN);
  for (
    const odd of [
      `"01795204790022.57.${user}"`,
      `"1795204790022.057.${user}"`,
      `"1795204790022.57.0.${user}"`,
      `"1795204790022.${user}"`,
      `"1795204790022.57."`,
      `"1795204790022.-57.${user}"`,
      `"${"9".repeat(16)}.1.${user}"`,
      "*",
    ]
  ) {
    deepStrictEqual(heldPositions(holding(odd), ANN), [], odd);
  }
});
