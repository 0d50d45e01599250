import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { formatCursor, parseCursor } from "./cursor.ts";

Deno.test("parseCursor() reads what formatCursor() writes", () => {
  const cursor = {
    epoch: 1795252494340,
    parts: new Map([["account", 57], ["shop.orders-2", 0]]),
  };
  strictEqual(formatCursor(cursor), "1795252494340;account=57;shop.orders-2=0");
  deepStrictEqual(parseCursor(formatCursor(cursor)), cursor);
  deepStrictEqual(parseCursor("17"), { epoch: 17, parts: new Map() });
});

Deno.test("parseCursor() answers null for what is no cursor", () => {
  const wrong = [
    ...["", ";", "x", "-1", "1.5", " 1", "1 ", "1e3", "9".repeat(16)],
    ...[
      "1;",
      "1;;account=5",
      "1;account",
      "1;account=",
      "1;account=-5",
      "1;account=5.0",
    ],
    ...[
      "1;account=5;account=6",
      "1;Account=5",
      "1;=5",
      "1;a b=5",
      "1;account=5\n",
      "1,account=5",
    ],
    ...[
      `1;${"a".repeat(64)}=5`,
      `1;account=${"9".repeat(16)}`,
      "1;account=0x5",
    ],
  ];
  for (const text of wrong) {
    strictEqual(parseCursor(text), null, JSON.stringify(text));
  }
});
