/** A read that meets an own overdue generation expires it first, and waits for nobody. */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { newUser, type User } from "../support/http.ts";
import { assertLedger } from "../support/ledger.ts";
import { connect } from "../support/stack.ts";

// Connected before the first test, so that no test is said to leave it open.
const sql = connect({ max: 3 });
await sql`select 1`;

/** A reservation whose time is over, and which nobody has swept. */
async function overdue(user: User): Promise<string> {
  const { body } = await user.post("/check-and-deduct-credit", { type: "draft" });
  await sql`
    update generation_jobs set deadline_at = clock_timestamp() - interval '1 second'
    where id = ${body.generation_id}`;
  return body.generation_id;
}

const VIEWS: Record<string, (id: string) => string> = {
  "/account": () => "/account",
  "/account/history": () => "/account/history",
  "/account/history, a page": () => "/account/history?limit=1&before=2",
  "/account/generations": () => "/account/generations",
  "/account/generations/{id}": (id) => `/account/generations/${id}`,
};

for (const [name, path] of Object.entries(VIEWS)) {
  Deno.test(`GET ${name} expires an own overdue generation`, async () => {
    const user = await newUser();
    const before = await user.get("/account");
    const id = await overdue(user);
    const { status, body } = await user.get(path(id));
    strictEqual(status, 200);
    strictEqual(body.credits, 10);
    strictEqual(body.version, before.body.version + 2);
    const { body: generation } = await user.get(`/account/generations/${id}`);
    deepStrictEqual(
      [generation.status, generation.error, generation.refunded],
      ["expired", "reservation_expired", 1],
    );
    const { body: history } = await user.get("/account/history");
    const { type, delta, actor, generation_id } = history.events[0];
    deepStrictEqual([type, delta, actor, generation_id], ["generation.expired", 1, "system", id]);
    await assertLedger(sql, user.id);
  });

  Deno.test(`GET ${name} answers what is there while somebody else holds the account`, async () => {
    const user = await newUser();
    const id = await overdue(user);
    const holder = await sql.reserve();
    await holder`begin`;
    await holder`select from profiles where id = ${user.id} for no key update`;
    // The lock is held until the answer is there: it can only have come without it.
    const held = await user.get(path(id));
    await holder`rollback`;
    holder.release();
    strictEqual(held.status, 200);
    strictEqual(held.body.credits, 9);
    strictEqual("overdue" in held.body, false);
    strictEqual((await user.get(path(id))).body.credits, 10);
  });
}

Deno.test("a client that has the answer of before is told of the expiry, not 304", async () => {
  const user = await newUser();
  const id = await overdue(user);
  const holder = await sql.reserve();
  await holder`begin`;
  await holder`select from profiles where id = ${user.id} for no key update`;
  const path = `/account/generations/${id}`;
  const etag = (await user.get(path)).headers.get("etag")!;
  strictEqual((await user.get(path, { "if-none-match": etag })).status, 304, "it is still so");
  await holder`rollback`;
  holder.release();
  const reply = await user.get(path, { "if-none-match": etag });
  strictEqual(reply.status, 200);
  strictEqual(reply.body.status, "expired");
});

Deno.test("twenty reads at once expire it once", async () => {
  const user = await newUser();
  const id = await overdue(user);
  const replies = await Promise.all(Array.from({ length: 20 }, () => user.get("/account")));
  deepStrictEqual(replies.filter(({ status }) => status !== 200), []);
  strictEqual(await user.credits(), 10);
  const [events] = await sql`
    select count(*)::integer as n from account_events
    where generation_id = ${id} and type = 'generation.expired'`;
  strictEqual(events?.["n"], 1);
});
