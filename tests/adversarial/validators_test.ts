/** `If-None-Match` and `X-Min-Version` as nobody should send them. */

import { ok, strictEqual } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { newUser } from "../support/http.ts";
import { assertProblem } from "./problem.ts";
import { send } from "./send.ts";

const PATHS = ["/account", "/account/history", "/account/generations"];

Deno.test("an X-Min-Version that is no position is refused by every view", async () => {
  const { token } = await newUser();
  const odd = [
    "",
    " ",
    "1",
    "1.",
    ".1",
    "-1.1",
    "1.-1",
    "1.1.1",
    "1e9.1",
    "0x1.1",
    "1 .1",
    "1.1, 1.1",
    '"1.1"',
    "NaN.NaN",
    `${"9".repeat(16)}.1`,
    `1.${"9".repeat(400)}`,
    "1.1'; select 1 --",
  ];
  await unchanged(async () => {
    for (const path of PATHS) {
      for (const value of odd) {
        const answer = await send("GET", path, {
          headers: { authorization: `Bearer ${token}`, "x-min-version": value },
        });
        const problem = assertProblem(answer, 400, "INVALID_REQUEST", `${path} ${value}`);
        strictEqual((problem["fields"] as { field: string }[])[0]?.field, "X-Min-Version");
      }
    }
  });
});

Deno.test("an If-None-Match that is not this user's newest tag gets the answer, and never one of another user", async () => {
  const [user, other] = [await newUser(), await newUser(3)];
  const own = (await user.get("/account")).headers.get("etag")!;
  const foreign = (await other.get("/account")).headers.get("etag")!;
  const [epoch, version, tag] = own.slice(1, -1).split(".");
  const odd = [
    "",
    '"',
    '""',
    "W/",
    "a*",
    '"*"',
    '"a", *',
    own.slice(1, -1),
    own.slice(0, -1),
    foreign,
    `"${epoch}.${version}"`,
    `"0${epoch}.${version}.${tag}"`,
    `"${epoch}.0${version}.${tag}"`,
    `"${epoch}.${Number(version) + 1}.${tag}"`,
    `"${epoch}.${version}.${tag}.${tag}"`,
    `"${epoch}.${version}' or true.${tag}"`,
    Array.from({ length: 200 }, (_, i) => `"${epoch}.${i + 1000}.${tag}"`).join(", "),
  ];
  await unchanged(async () => {
    for (const value of odd) {
      const { status, text, headers } = await send("GET", "/account", {
        headers: { authorization: `Bearer ${user.token}`, "if-none-match": value },
      });
      strictEqual(status, 200, `${value}: ${text}`);
      strictEqual(JSON.parse(text).credits, 10, value);
      strictEqual(headers.get("etag"), own, value);
    }
  });
});

Deno.test("no validator stands in for credentials", async () => {
  const user = await newUser();
  const etag = (await user.get("/account")).headers.get("etag")!;
  for (const value of [etag, "*"]) {
    const answer = await send("GET", "/account", { headers: { "if-none-match": value } });
    assertProblem(answer, 401, "MISSING_CREDENTIALS", value);
    ok(!answer.headers.has("etag"));
  }
});
