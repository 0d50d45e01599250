import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { comparePositions, formatPosition, newest, parsePosition } from "./position.ts";

const at = (text: string) => parsePosition(text)!;

Deno.test("parsePosition() reads what formatPosition() writes", () => {
  deepStrictEqual(at("1795204790022.57"), {
    epoch: 1795204790022,
    version: 57,
  });
  strictEqual(formatPosition(at("1795204790022.57")), "1795204790022.57");
});

Deno.test("parsePosition() reads no more than two whole numbers that are exact", () => {
  for (
    const text of [
      "",
      "1",
      "1.",
      ".1",
      "1.2.3",
      "-1.2",
      "1.-2",
      "1e3.2",
      " 1.2",
      "1.2 ",
      "１.2",
    ]
  ) {
    strictEqual(parsePosition(text), null, text);
  }
  const longest = "9".repeat(15);
  strictEqual(
    formatPosition(at(`${longest}.${longest}`)),
    `${longest}.${longest}`,
  );
  strictEqual(parsePosition(`1.${"9".repeat(16)}`), null);
});

Deno.test("comparePositions() takes the greater epoch for newer, whatever the versions", () => {
  strictEqual(comparePositions(at("2.1"), at("1.900")) > 0, true);
  strictEqual(comparePositions(at("1.9"), at("1.10")) < 0, true);
  strictEqual(comparePositions(at("1.10"), at("1.10")), 0);
});

Deno.test("newest() answers the newest, and null of none", () => {
  deepStrictEqual(
    newest([at("1.10"), at("2.3"), at("2.1"), at("1.900")]),
    at("2.3"),
  );
  strictEqual(newest([]), null);
});
