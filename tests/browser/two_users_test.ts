/** Two users of one browser: its cache has one entry for a URL, whoever asked. */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { logLength, logSince } from "../support/function_log.ts";
import { newUser, type User } from "../support/http.ts";
import { stack } from "../support/stack.ts";
import { fetchIn, type ForeignPage, openPage, type Seen, whyNoBrowser } from "./page.ts";

const missing = await whyNoBrowser();

/** As a page fetches that says nothing of caches. Answers what it saw, and what status the server gave. */
async function get({ page }: ForeignPage, user: User, path: string): Promise<[Seen, number]> {
  const offset = await logLength();
  const seen = await fetchIn(page, `${stack.functionsUrl}${path}`, {
    headers: { authorization: `Bearer ${user.token}` },
  });
  const lines = await logSince(offset, seen.headers["x-request-id"] ?? "");
  const requests = lines.map((line) => JSON.parse(line)).filter(({ message, method }) =>
    message === "request" && method === "GET"
  );
  return [seen, requests.at(-1)?.status];
}

Deno.test({
  name: "a browser that changes its user never shows the former one's answer",
  ignore: missing !== null, // cors_test.ts says why
  // What Playwright keeps of a browser that is closed goes with the process.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using foreign = await openPage();
    // At the same version, with other balances.
    const [ann, ben] = [await newUser(7), await newUser(9)];
    for (const path of ["/account", "/account/history", "/account/types"]) {
      const own = new Map<User, unknown>();
      for (const user of [ann, ben]) own.set(user, (await user.get(path)).body);
      let former: User | null = null;
      for (const user of [ann, ann, ben, ben, ann, ben, ann]) {
        const [seen, served] = await get(foreign, user, path);
        strictEqual(seen.status, 200, path);
        deepStrictEqual(seen.body, own.get(user), path);
        // The browser does keep it, and asks whether it is still so: else this test would show nothing.
        strictEqual(served, user === former ? 304 : 200, path);
        former = user;
      }
    }
  },
});
