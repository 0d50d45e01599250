/**
 * Two sessions of one user that meet. Each of these tests is seen to fail, by `deno task test:mutants`, with the lock,
 * guard or constraint taken out that it is about: docs/testing.md.
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { assertLedger } from "../support/ledger.ts";
import {
  complete,
  deduct,
  expire,
  expireOverdue,
  fail,
  handOver,
  heartbeat,
  refund,
  release,
  reserve,
  Sessions,
  submit,
  sweep,
  type Work,
} from "./sessions.ts";

/** Moves an account's unsettled generations behind their deadline. */
async function backdate(sessions: Sessions, user: string): Promise<void> {
  await sessions.sql`
    update generation_jobs set deadline_at = now() - interval '1 second'
    where user_id = ${user} and status in ('reserved', 'processing')`;
}

async function credits(sessions: Sessions, user: string): Promise<number> {
  await assertLedger(sessions.sql, user);
  const [row] = await sessions.sql`select credits from profiles where id = ${user}`;
  return row?.["credits"];
}

Deno.test("two deducts of one credit: the second waits and is refused", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const [first, second] = await sessions.race(reserve(user), reserve(user), "commit");
  strictEqual(first.success, true);
  strictEqual(second.error, "INSUFFICIENT_CREDITS");
  strictEqual(await credits(sessions, user), 0);
});

Deno.test("two deducts of one credit: the second wins when the first is rolled back", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const [, second] = await sessions.race(reserve(user), reserve(user), "rollback");
  strictEqual(second.success, true);
  strictEqual(await credits(sessions, user), 0);
});

Deno.test("two deducts under a rate limit: the second waits and is told how long", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(10);
  const [first, second] = await sessions.race(deduct(user), deduct(user), "commit");
  strictEqual(first.success, true);
  strictEqual(second.error, "RATE_LIMITED");
  strictEqual(second.retry_after_seconds, 10);
  strictEqual(await credits(sessions, user), 9);
});

Deno.test("a deduct behind a refund has the credit that came back", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  await sessions.call(reserve(user));
  const [first, second] = await sessions.race(refund(user), reserve(user), "commit");
  strictEqual(first.credits, 1);
  strictEqual(second.credits, 0);
  strictEqual(await credits(sessions, user), 0);
});

Deno.test("two refunds of one reservation: the second waits and finds nothing", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  await sessions.call(reserve(user));
  const [first, second] = await sessions.race(refund(user), refund(user), "commit");
  strictEqual(first.refunded, 1);
  strictEqual(second.error, "NOTHING_TO_REFUND");
  strictEqual(await credits(sessions, user), 1);
});

Deno.test("a submission behind the sweep finds its reservation expired, and refunded once", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const { generation_id: id } = await sessions.call(reserve(user));
  await backdate(sessions, user);
  const [, second] = await sessions.race(sweep(), submit(user, { id }), "commit");
  strictEqual(second.error, "GENERATION_ALREADY_SETTLED");
  strictEqual(second.state, "expired");
  strictEqual(await credits(sessions, user), 1);
});

Deno.test("the sweep does not wait for a submission, and leaves it alone afterwards", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const { generation_id: id } = await sessions.call(reserve(user));
  await backdate(sessions, user);
  const [submitted] = await sessions.overtake(submit(user, { id }), sweep());
  strictEqual(submitted.status, "processing");
  await sessions.call(sweep());
  const [job] = await sessions.sql`select status from generation_jobs where id = ${id}`;
  strictEqual(job?.["status"], "processing");
  strictEqual(await credits(sessions, user), 0);
});

Deno.test("a result behind the sweep is late: refused, recorded, and the refund stands", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const { generation_id: id } = await sessions.call(submit(user));
  await backdate(sessions, user);
  const [, second] = await sessions.race(sweep(), complete(id), "commit");
  strictEqual(second.error, "GENERATION_ALREADY_SETTLED");
  strictEqual(await credits(sessions, user), 1);
  const events = await sessions.sql`
    select type from account_events where user_id = ${user} order by version desc limit 2`;
  deepStrictEqual(events.map((event) => event["type"]), [
    "generation.late_result",
    "generation.expired",
  ]);
});

Deno.test("a completion and a failure of one generation: one settlement", async () => {
  await using sessions = new Sessions();
  for (const [first, second] of [[complete, fail], [fail, complete]] as const) {
    const user = await sessions.account(1);
    const { generation_id: id } = await sessions.call(submit(user));
    const [won, lost] = await sessions.race(first(id), second(id), "commit");
    strictEqual(won.success, true);
    strictEqual(lost.error, "GENERATION_ALREADY_SETTLED");
    strictEqual(await credits(sessions, user), first === fail ? 1 : 0);
  }
});

Deno.test("a failure and an operator's release of one generation: one refund", async () => {
  await using sessions = new Sessions();
  for (const [first, second] of [[fail, release], [release, fail]] as const) {
    const user = await sessions.account(1);
    const { generation_id: id } = await sessions.call(submit(user));
    const [won, lost] = await sessions.race(first(id), second(id), "commit");
    strictEqual(won.refunded, 1);
    strictEqual(lost.error, "GENERATION_ALREADY_SETTLED");
    strictEqual(await credits(sessions, user), 1);
  }
});

Deno.test("a result without the lease is refused, and does not get in the way of the one with it", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const { generation_id: id, lease_token: token } = await sessions.call(
    submit(user, { leaseSeconds: 60 }),
  );
  const [without, holder] = await sessions.race(complete(id), complete(id, token), "commit");
  strictEqual(without.error, "GENERATION_IN_PROGRESS");
  strictEqual(holder.status, "completed");
  strictEqual(await credits(sessions, user), 0);
});

/** A generation of a worker that has been silent for too long, as it seems; and its lease. */
async function silent(sessions: Sessions, user: string): Promise<{ id: string; token: string }> {
  const { generation_id: id, lease_token: token } = await sessions.call(
    submit(user, { leaseSeconds: 60 }),
  );
  await sessions.sql`
    update generation_jobs set lease_expires_at = now() - interval '1 second' where id = ${id}`;
  return { id, token };
}

async function status(sessions: Sessions, id: string): Promise<string> {
  const [job] = await sessions.sql`select status from generation_jobs where id = ${id}`;
  return job?.["status"];
}

Deno.test("the sweep passes by a generation whose heartbeat holds its row", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const { id, token } = await silent(sessions, user);
  await sessions.overtake(heartbeat(id, token), sweep());
  await sessions.call(sweep());
  strictEqual(await status(sessions, id), "processing");
  strictEqual(await credits(sessions, user), 0);
});

Deno.test("an expiry that had to wait for a heartbeat leaves the generation to its worker", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const { id, token } = await silent(sessions, user);
  const [, second] = await sessions.race(
    heartbeat(id, token),
    expire(id, new Date()),
    "commit",
  );
  strictEqual(await status(sessions, id), "processing");
  deepStrictEqual(second, { expired: 0, refunded: 0, failed: 0 });
  strictEqual(await credits(sessions, user), 0);
});

Deno.test("an expiry that had to wait for a result leaves it", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const { id, token } = await silent(sessions, user);
  await sessions.sql`
    update generation_jobs set deadline_at = now() - interval '1 second' where id = ${id}`;
  await sessions.race(complete(id, token), expire(id, new Date()), "commit");
  strictEqual(await status(sessions, id), "completed");
  strictEqual(await credits(sessions, user), 0);
});

Deno.test("a read expires nothing of an account that somebody else holds", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(2);
  const { id } = await silent(sessions, user);
  const [, read] = await sessions.overtake(reserve(user), expireOverdue(user));
  strictEqual(read.expired, 0);
  strictEqual((await sessions.call(expireOverdue(user))).expired, 1);
  strictEqual(await status(sessions, id), "expired");
  strictEqual(await credits(sessions, user), 1);
});

Deno.test("a read passes by a generation whose heartbeat holds its row", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const { id, token } = await silent(sessions, user);
  const [, read] = await sessions.overtake(heartbeat(id, token), expireOverdue(user));
  strictEqual(read.expired, 0);
  strictEqual(await status(sessions, id), "processing");
  strictEqual(await credits(sessions, user), 0);
});

Deno.test("a sweep and a read of one overdue generation: one refund", async () => {
  await using sessions = new Sessions();
  for (const sweepFirst of [true, false]) {
    const user = await sessions.account(1);
    const { id } = await silent(sessions, user);
    const both: [Work, Work] = [sweep(), expireOverdue(user)];
    const [first, second] = await sessions.overtake(
      ...(sweepFirst ? both : both.toReversed() as typeof both),
    );
    strictEqual(first.expired, 1);
    strictEqual(second.expired, 0);
    strictEqual(await status(sessions, id), "expired");
    strictEqual(await credits(sessions, user), 1);
  }
});

Deno.test("nobody hands over a generation without its lease", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const { id, token } = await silent(sessions, user);
  const [, stranger] = await sessions.overtake(
    heartbeat(id, token),
    handOver(id, crypto.randomUUID()),
  );
  strictEqual(stranger.error, "GENERATION_NOT_FOUND");
  const [job] = await sessions.sql`
    select lease_expires_at > now() as held from generation_jobs where id = ${id}`;
  strictEqual(job?.["held"], true);
});

Deno.test("a hand-over behind the sweep comes too late", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  const { id, token } = await silent(sessions, user);
  const [, second] = await sessions.race(sweep(), handOver(id, token), "commit");
  strictEqual(second.error, "GENERATION_NOT_FOUND");
  strictEqual(await status(sessions, id), "expired");
  strictEqual(await credits(sessions, user), 1);
});

Deno.test("a generation that always fails to expire keeps no other from its turn", async () => {
  await using sessions = new Sessions();
  const { sql } = sessions;
  const user = await sessions.account(2);
  const { id: bad } = await silent(sessions, user);
  const { id: good } = await silent(sessions, user);
  // The oldest there can be, so that these two are the first to be swept.
  await sql`update generation_jobs set deadline_at = '2000-01-01' where id = ${bad}`;
  await sql`update generation_jobs set deadline_at = '2000-01-02' where id = ${good}`;
  await sql.unsafe(`
    create function race_fails() returns trigger language plpgsql
    as $$ begin raise 'never this one'; end $$;
    create trigger race_fails before update on generation_jobs
    for each row when (new.id = '${bad}') execute function race_fails()`);
  try {
    const first = await sessions.call(sweep(1));
    strictEqual(first.failed, 1);
    strictEqual(first.more, true);
    strictEqual((await sessions.call(sweep(1))).expired, 1);
    strictEqual(await status(sessions, good), "expired");
    await sessions.call(expireOverdue(user));
    const [failure] = await sql`
      select attempts, error, retry_at > now() as later from private.sweep_failures
      where generation_id = ${bad}`;
    strictEqual(failure?.["attempts"], 1, "nor does each read try it again");
    deepStrictEqual({ ...failure }, { attempts: 1, error: "P0001: never this one", later: true });
  } finally {
    await sql`drop function race_fails cascade`;
  }
  await sql`update private.sweep_failures set retry_at = now() where generation_id = ${bad}`;
  strictEqual((await sessions.call(sweep(1))).expired, 1);
  strictEqual(await status(sessions, bad), "expired");
  strictEqual(await credits(sessions, user), 2);
});

Deno.test("what had to wait is not dated before what it waited for", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(2);
  const [, charged] = await sessions.race(reserve(user), reserve(user), "commit");
  strictEqual(charged.error, undefined, "no rate limit counts from what is yet to come");
  const [, released] = await sessions.race(refund(user), refund(user), "commit");
  strictEqual(released.success, true);
  const events = await sessions.sql`
    select type, created_at < lag(created_at) over (order by version) as earlier
    from account_events where user_id = ${user}`;
  const early = events.filter((event) => event["earlier"]).map((event) => event["type"]);
  strictEqual(early.join(), "");
});

Deno.test("a row of the app's that refers to the profile does not wait for a charge", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(1);
  await sessions.sql`create table race_notes (user_id uuid references profiles)`;
  try {
    const [charged] = await sessions.overtake(
      reserve(user),
      (sql) => sql`insert into race_notes values (${user})`,
    );
    strictEqual(charged.success, true);
  } finally {
    await sessions.sql`drop table race_notes`;
  }
});

Deno.test("one key twice at once: the second waits and answers what the first did", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(10);
  const twice = submit(user, { key: "once" });
  const [first, second] = await sessions.race(twice, twice, "commit");
  const { replayed, ...answer } = second;
  strictEqual(replayed, true);
  deepStrictEqual(answer, first);
  strictEqual(await credits(sessions, user), 9);
});

Deno.test("one key twice at once: the second goes ahead when the first is rolled back", async () => {
  await using sessions = new Sessions();
  const user = await sessions.account(10);
  const twice = submit(user, { key: "once" });
  const [, second] = await sessions.race(twice, twice, "rollback");
  strictEqual(second.success, true);
  ok(!("replayed" in second));
  strictEqual(await credits(sessions, user), 9);
});
