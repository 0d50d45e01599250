/**
 * Two real sessions of one account. The first does its work and holds its transaction open; the second must be seen to
 * wait for a lock, in pg_stat_activity and never by the clock, before the first goes on.
 */

import { strictEqual } from "node:assert/strict";
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
  async race(first: Work, second: Work, end: "commit" | "rollback"): Promise<[Answer, Answer]> {
    const holder = await this.#first.reserve();
    try {
      const [{ pid }] = await this.#second`select pg_backend_pid() as pid` as unknown as [
        { pid: number },
      ];
      await holder`begin`;
      const [answer] = await first(holder);
      const waiting = second(this.#second).execute();
      let answered = false;
      const note = () => answered = true;
      waiting.then(note, note);
      await this.#untilWaiting(pid, () => answered);
      await holder.unsafe(end);
      const [secondAnswer] = await waiting;
      return [answer?.["answer"], secondAnswer?.["answer"]];
    } finally {
      holder.release();
    }
  }

  /** Both answers, where the second must not wait although the first's transaction is still open. */
  async overtake(first: Work, second: Work): Promise<[Answer, Answer]> {
    const holder = await this.#first.reserve();
    try {
      await holder`begin`;
      const [answer] = await first(holder);
      const [secondAnswer] = await second(this.#second);
      await holder`commit`;
      return [answer?.["answer"], secondAnswer?.["answer"]];
    } finally {
      holder.release();
    }
  }

  async #untilWaiting(pid: number, hasAnswered: () => boolean): Promise<void> {
    const until = performance.now() + 5_000;
    let event: unknown;
    while (performance.now() < until) {
      const [row] = await this.#watch`
        select wait_event_type from pg_stat_activity where pid = ${pid}`;
      event = row?.["wait_event_type"];
      if (event === "Lock") return;
      if (hasAnswered()) break;
    }
    strictEqual(event, "Lock", "the second session must wait for the first one's lock");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#watch.end(), this.#first.end(), this.#second.end()]);
  }
}

export const deduct = (user: string): Work => (sql) =>
  sql`select deduct_credit_atomic(${user}, null) as answer`;
export const refund = (user: string): Work => (sql) =>
  sql`select refund_credit_atomic(${user}) as answer`;
export const reserve = (user: string, type = "draft"): Work => (sql) =>
  sql`select reserve_generation(${user}, ${type}) as answer`;
export const submit = (user: string, options: { id?: string; key?: string } = {}): Work => (sql) =>
  sql`select submit_generation(${user}, 'draft', '{"prompt":"x"}', ${options.id ?? null}, null, ${
    options.key ?? null
  }) as answer`;
export const complete = (id: string): Work => (sql) =>
  sql`select complete_generation(${id}) as answer`;
export const fail = (id: string): Work => (sql) => sql`select fail_generation(${id}) as answer`;
export const sweep = (): Work => (sql) => sql`select refund_stuck_generations(1000) as answer`;
