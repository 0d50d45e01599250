/**
 * Two real sessions of one account. The first does its work and holds its transaction open; the second must be seen to
 * wait for a lock, in pg_stat_activity and never by the clock, before the first goes on.
 */

import { ok } from "node:assert/strict";
import type postgres from "postgres";
import { connect } from "../support/stack.ts";

// deno-lint-ignore no-explicit-any -- the tests assert what is in it.
type Answer = any;

/** One statement that answers a function's jsonb. */
export type Work = (
  sql: postgres.Sql | postgres.TransactionSql,
) => postgres.PendingQuery<postgres.Row[]>;

export class Sessions implements AsyncDisposable {
  readonly #watch = connect({ max: 1 });
  readonly #first = connect({ max: 1 });
  readonly #second = connect({ max: 1 });

  /** Runs one statement outside of any race, as the role postgres. */
  get sql(): postgres.Sql {
    return this.#watch;
  }

  /** A new account with so many credits. */
  async account(credits: number): Promise<string> {
    const id = crypto.randomUUID();
    await this.#watch`insert into profiles (id, credits) values (${id}, ${credits})`;
    return id;
  }

  /** What a function answers outside of any race. */
  async call(work: Work): Promise<Answer> {
    return (await work(this.#watch))[0]?.["answer"];
  }

  /** Both answers, where the second had to wait until the first's transaction ended as `end` says. */
  race(first: Work, second: Work, end: "commit" | "rollback"): Promise<[Answer, Answer]> {
    return this.#meet(first, second, async (waits, holder) => {
      ok(await waits(), "the second session must wait for the first one's lock");
      await holder.unsafe(end);
    });
  }

  /** Both answers, where the second must not wait although the first's transaction is still open. */
  overtake(first: Work, second: Work): Promise<[Answer, Answer]> {
    return this.#meet(first, second, async (waits, holder) => {
      ok(!(await waits()), "the second session must not wait for the first one's lock");
      await holder`commit`;
    });
  }

  /**
   * Does the first's work and then, while its transaction is open, begins the second's; `between` says what must be seen
   * then, and ends the first. The second's transaction is the older of the two: what it says of the time must be read
   * after it had the lock.
   */
  async #meet(
    first: Work,
    second: Work,
    between: (waits: () => Promise<boolean>, holder: postgres.ReservedSql) => Promise<void>,
  ): Promise<[Answer, Answer]> {
    const holder = await this.#first.reserve();
    const other = await this.#second.reserve();
    try {
      const [row] = await other`select pg_backend_pid() as pid`;
      await other`begin`;
      await holder`begin`;
      const [answer] = await first(holder);
      const answering = second(other).execute();
      let answered = false;
      const note = () => answered = true;
      answering.then(note, note);
      await between(() => comesToWait(this.#watch, row?.["pid"], () => answered), holder);
      const [secondAnswer] = await answering;
      await other`commit`;
      return [answer?.["answer"], secondAnswer?.["answer"]];
    } finally {
      // Where all went well there is nothing left to roll back.
      await holder`rollback`;
      await other`rollback`;
      holder.release();
      other.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#watch.end(), this.#first.end(), this.#second.end()]);
  }
}

/** Whether the session of `pid` comes to wait for a lock, or else answers. Takes the role of that session, or a superuser. */
export async function comesToWait(
  sql: postgres.Sql,
  pid: number,
  hasAnswered: () => boolean,
): Promise<boolean> {
  const until = performance.now() + 5_000;
  while (performance.now() < until) {
    const [row] = await sql`
      select wait_event_type from pg_stat_activity where pid = ${pid}`;
    if (row?.["wait_event_type"] === "Lock") return true;
    if (hasAnswered()) return false;
  }
  throw new Error("The session neither answered nor came to wait for a lock");
}

export const deduct = (user: string): Work => (sql) =>
  sql`select deduct_credit_atomic(${user}, null) as answer`;
export const refund = (user: string): Work => (sql) =>
  sql`select refund_credit_atomic(${user}) as answer`;
export const reserve = (user: string, type = "draft"): Work => (sql) =>
  sql`select reserve_generation(${user}, ${type}) as answer`;
export const submit = (
  user: string,
  options: { id?: string; key?: string; leaseSeconds?: number } = {},
): Work =>
(sql) =>
  sql`select submit_generation(
    ${user}, 'draft', '{"prompt":"x"}', ${options.id ?? null}, ${options.leaseSeconds ?? null}, ${
    options.key ?? null
  }
  ) as answer`;
export const complete = (id: string, leaseToken: string | null = null): Work => (sql) =>
  sql`select complete_generation(${id}, p_lease_token => ${leaseToken}) as answer`;
export const fail = (id: string): Work => (sql) => sql`select fail_generation(${id}) as answer`;
/** An operator's release; a user's own is {@linkcode refund}. */
export const release = (id: string): Work => (sql) =>
  sql`select release_generation(null, ${id}, 'a wish') as answer`;
export const heartbeat = (id: string, leaseToken: string): Work => (sql) =>
  sql`select extend_lease(${id}, ${leaseToken}, 60) as answer`;
export const handOver = (id: string, leaseToken: string): Work => (sql) =>
  sql`select hand_over_generation(${id}, ${leaseToken}) as answer`;
export const sweep = (limit = 1000): Work => (sql) =>
  sql`select refund_stuck_generations(${limit}) as answer`;
/** What a read does that meets an overdue generation of its own account. */
export const expireOverdue = (user: string): Work => (sql) =>
  sql`select expire_overdue_generations(${user}) as answer`;
/** What both do with a generation that they take for overdue at `horizon`. */
export const expire = (id: string, horizon: Date): Work => (sql) =>
  sql`select to_jsonb(e) as answer from private.expire_generations(${[
    id,
  ]}, ${horizon}, 'sweeper') e`;
