/** The database server crashes (`pg_ctl stop -m immediate`) under load and comes back. */

import { ok, strictEqual } from "node:assert/strict";
import { Ground } from "./ground.ts";

const CRASHES = 2;
const USERS = 12;
const SUBMISSIONS_EACH = 10;

Deno.test("a server that crashes under load leaves every charge settled exactly once, and none made twice", async () => {
  await using ground = await Ground.start({ workers: 2 });
  const { stack, wire } = ground;
  const users = await Promise.all(
    Array.from({ length: USERS }, () => ground.user(SUBMISSIONS_EACH)),
  );
  // Chance says after how many passages it crashes: the next, while everybody is at it, are lost.
  let rest = 0;
  let crash = Promise.withResolvers<void>();
  wire.onPassage = () => {
    if (--rest === 0) crash.resolve();
  };
  const crashing = (async () => {
    for (let crashes = 0; crashes < CRASHES; crashes++) {
      crash = Promise.withResolvers();
      rest = 30 + Math.floor(Math.random() * 60);
      await crash.promise;
      // One charge at least is committed, and its answer lost, as the server goes down.
      const { lose } = await wire.hold("submit_generation", "answer");
      await stack.postgres.stop("immediate");
      lose();
      await stack.postgres.start();
    }
  })();
  const submitting = users.map(async (user) => {
    const ids = new Set<string>();
    for (let i = 0; i < SUBMISSIONS_EACH; i++) {
      const { status, body } = await user.submitUntilAnswered(`key-${i}`);
      strictEqual(status, 202, JSON.stringify(body));
      ids.add(body.generation_id);
    }
    return ids;
  });
  const answered = await Promise.all(submitting);
  await crashing;
  // Whoever still works on something has no more say in it.
  await ground.kill();

  await ground.sweepAndCheck();
  for (const [index, user] of users.entries()) {
    const rows = await ground.sql`select id from generation_jobs where user_id = ${user.id}`;
    strictEqual(rows.length, SUBMISSIONS_EACH, "one generation for each key");
    ok(rows.every((row) => answered[index]?.has(row["id"])), "those that the client was told of");
    strictEqual(await ground.credits(user), SUBMISSIONS_EACH - await ground.completed(user));
  }
});
