/** Without its database a worker says so: it has older answers, and gives none of them. On a stack of its own. */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { startTemporaryStack } from "../../scripts/temporary_stack.ts";

const PATHS = ["/account", "/account/history", "/account/generations"];

Deno.test({
  name: "while the database is away every view is 503, and afterwards what it was",
  // The stack's own timers and signal handlers go with the process.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using stack = await startTemporaryStack({ sweep: false });
    const signedUp = await fetch(`${stack.url}/auth/v1/signup`, {
      method: "POST",
      headers: { apikey: stack.publishableKey, "content-type": "application/json" },
      body: "{}",
    });
    const { access_token } = await signedUp.json();
    const get = async (path: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${stack.url}/functions/v1${path}`, {
        headers: { authorization: `Bearer ${access_token}`, ...headers },
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text };
    };
    const before = await Promise.all(PATHS.map((path) => get(path)));
    deepStrictEqual(before.map(({ status }) => status), [200, 200, 200]);

    for (const mode of ["fast", "immediate"] as const) {
      await stack.postgres.stop(mode);
      for (const [index, path] of PATHS.entries()) {
        const etag = before[index]!.headers.get("etag")!;
        for (const held of [{}, { "if-none-match": etag }, { "if-none-match": "*" }]) {
          const { status, headers, text } = await get(path, held);
          strictEqual(status, 503, `${path}: ${text}`);
          const problem = JSON.parse(text);
          strictEqual(problem.code, "DATABASE_UNAVAILABLE");
          strictEqual("credits" in problem, false);
          strictEqual(headers.get("etag"), null);
          strictEqual(headers.get("cache-control"), "no-store");
          strictEqual(headers.get("retry-after"), "1");
        }
      }
      await stack.postgres.start();
      for (const [index, path] of PATHS.entries()) {
        // PostgREST looks for its database now and then.
        const until = performance.now() + 60_000;
        let after = await get(path);
        while (after.status === 503 && performance.now() < until) after = await get(path);
        strictEqual(after.status, 200, after.text);
        strictEqual(after.text, before[index]!.text);
      }
    }
  },
});
