/** `X-Min-Version`: what a client has seen is never followed by anything older. */

import { ok, strictEqual } from "node:assert/strict";
import { logLength, logSince } from "../support/function_log.ts";
import { newUser, type Reply, type User } from "../support/http.ts";
import { connect } from "../support/stack.ts";

/** Every view, of a user who has a generation. */
async function pathsOf(user: User): Promise<string[]> {
  const { body } = await user.post("/check-and-deduct-credit", { type: "draft" });
  return [
    "/account",
    "/account/history",
    "/account/history?limit=1&before=2",
    "/account/generations",
    `/account/generations/${body.generation_id}`,
    "/account/preferences/orders",
  ];
}

const positionOf = ({ body }: Reply) => `${body.epoch}.${body.version}`;

Deno.test("X-Min-Version: every view answers what is as new as that", async () => {
  const user = await newUser();
  const paths = await pathsOf(user);
  const least = positionOf(await user.get("/account"));
  for (const path of paths) {
    for (let i = 0; i < 2; i++) {
      const reply = await user.get(path, { "x-min-version": least });
      strictEqual(reply.status, 200, path);
      strictEqual(positionOf(reply), least, path);
    }
  }
});

Deno.test("X-Min-Version: what the database has not reached is 503 with an error in the log, also where the worker or the client has an answer", async () => {
  const user = await newUser();
  const paths = [...await pathsOf(user), `/account/generations/${crypto.randomUUID()}`];
  const { body, headers } = await user.get("/account");
  for (const least of [`${body.epoch}.${body.version + 1}`, `${body.epoch + 1}.1`]) {
    for (const path of paths) {
      await user.get(path); // warm
      for (const held of [{}, { "if-none-match": headers.get("etag")! }]) {
        const offset = await logLength();
        const reply = await user.get(path, { "x-min-version": least, ...held });
        strictEqual(reply.status, 503, path);
        strictEqual(reply.body.code, "DATABASE_UNAVAILABLE");
        strictEqual(reply.headers.get("retry-after"), "1");
        strictEqual("credits" in reply.body, false, "no older answer is in the problem either");
        const lines = await logSince(offset, reply.body.request_id);
        const alarm = lines.map((line) => JSON.parse(line)).find(({ message }) =>
          message === "The database is behind what a client has seen"
        );
        strictEqual(alarm?.level, "error");
        strictEqual(alarm.request_id, reply.body.request_id);
        strictEqual(alarm.user_id, user.id);
        strictEqual(alarm.seen, least);
      }
    }
  }
});

Deno.test("after rotate_epoch() every view is read anew, and who has seen greater versions of the former epoch is served", async () => {
  const sql = connect({ max: 1 });
  const user = await newUser();
  const paths = await pathsOf(user);
  const former = new Map<string, Reply>();
  for (const path of paths) former.set(path, await user.get(path));
  await sql`select rotate_epoch()`;
  await sql.end();
  for (const [path, { body, headers }] of former) {
    const reply = await user.get(path, {
      "if-none-match": headers.get("etag")!,
      "x-min-version": `${body.epoch}.${body.version + 1000}`,
    });
    strictEqual(reply.status, 200, path);
    ok(reply.body.epoch > body.epoch, path);
    strictEqual(reply.body.version, body.version, path);
  }
});
