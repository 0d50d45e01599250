/** A stack that a test may kill parts of, with a line between its workers and its API that can be cut. */

import { ok, strictEqual } from "node:assert/strict";
import postgres from "postgres";
import { freePort, waitUntil } from "../../scripts/stack/process.ts";
import { startTemporaryStack, type TemporaryStack } from "../../scripts/temporary_stack.ts";
import { assertHealthy, assertLedger, assertSettledOnce, sweepAll } from "../support/ledger.ts";
import { startWire, type Wire } from "./wire.ts";

/** What became of a generation: its status, and why it failed or expired. */
export type Fate = [status: string, error: string | null];

export class Ground implements AsyncDisposable {
  readonly #parts = new AsyncDisposableStack();
  readonly #users: string[] = [];

  private constructor(
    readonly stack: TemporaryStack,
    readonly wire: Wire,
    /** As a superuser: sees what everybody waits for. */
    readonly sql: postgres.Sql,
  ) {}

  static async start(options: { workers?: number } = {}): Promise<Ground> {
    await using parts = new AsyncDisposableStack();
    const port = freePort();
    const url = `http://127.0.0.1:${port}`;
    const wire = parts.use(await startWire(url));
    const stack = parts.use(
      await startTemporaryStack({
        port,
        workers: options.workers ?? 1,
        sweep: false,
        // The tokens name the API itself.
        workerEnv: { SUPABASE_URL: wire.url, SUPABASE_PUBLIC_URL: url },
      }),
    );
    const sql = postgres(stack.postgres.url("supabase_admin"), { max: 2, onnotice: () => {} });
    parts.defer(() => sql.end({ timeout: 1 }));
    const ground = new Ground(stack, wire, sql);
    ground.#parts.use(parts.move());
    return ground;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }

  /** A user with so many credits. */
  async user(credits: number): Promise<User> {
    const { url, publishableKey: apikey } = this.stack;
    const response = await fetch(`${url}/auth/v1/signup`, {
      method: "POST",
      headers: { apikey, "content-type": "application/json" },
      body: "{}",
    });
    strictEqual(response.status, 200);
    const { access_token: token, user: { id } } = await response.json();
    const [account] = await this.sql`select credits from profiles where id = ${id}`;
    const rest = credits - account?.["credits"];
    if (rest !== 0) await this.sql`select grant_credits(${id}, ${rest}, 'test')`;
    this.#users.push(id);
    return new User(id, token, url);
  }

  /** Kills every worker, as when a machine is lost, and waits for the end of them. New ones come, which know of nothing. */
  async kill(): Promise<void> {
    const killed = this.signal();
    await waitUntil("The end of the workers", () => {
      const alive = this.stack.functionsPids();
      return !killed.some((pid) => alive.includes(pid));
    }, 10_000);
  }

  /** Kills so many workers, or all, and does not wait. Answers which. */
  signal(count?: number): number[] {
    const pids = this.stack.functionsPids().slice(0, count);
    for (const pid of pids) Deno.kill(pid, "SIGKILL");
    return pids;
  }

  /** How many requests the provider has had. */
  async provided(): Promise<number> {
    const response = await fetch(`${this.stack.imageServerUrl}/requests`);
    return (await response.json()).count;
  }

  /** What there is of a user's generations, oldest first. */
  async fates(user: User): Promise<Fate[]> {
    const rows = await this.sql`
      select status, error from generation_jobs where user_id = ${user.id} order by version`;
    return rows.map((row) => [row["status"], row["error"]]);
  }

  /**
   * Lets the leases lapse of what is unsettled and sweeps; then every charge of every user must be settled exactly once,
   * every ledger exact, and nothing unhealthy.
   */
  async sweepAndCheck(): Promise<void> {
    const { sql } = this;
    // A call whose worker has died goes on in the database: the sweeper would pass by what it holds.
    await waitUntil("The end of every call", async () => {
      const [row] = await sql`
        select from pg_stat_activity where usename = 'authenticator' and state <> 'idle' limit 1`;
      return row === undefined;
    }, 10_000);
    await sql`
      update generation_jobs set lease_expires_at = now() - interval '1 second'
      where finished_at is null`;
    await sweepAll(sql);
    await assertSettledOnce(sql, this.#users);
    for (const user of this.#users) await assertLedger(sql, user);
    await assertHealthy(sql);
  }

  /** Locks accounts while `work` goes on; `waits` says when for each of them somebody waits. */
  async whileHeld(
    users: User[],
    work: (waits: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const waits = () =>
      waitUntil("A wait for each account", async () => {
        const [row] = await this.sql`
          select count(*)::integer as waiting from pg_stat_activity
          where wait_event_type = 'Lock' and usename = 'authenticator'`;
        return row?.["waiting"] === users.length;
      }, 10_000);
    await this.sql.begin(async (sql) => {
      await sql`
        select from profiles where id = any (${users.map(({ id }) => id)}::uuid[])
        for no key update`;
      await work(waits);
    });
  }

  /** How many of a user's generations were completed: those that stay charged. */
  async completed(user: User): Promise<number> {
    return (await this.fates(user)).filter(([status]) => status === "completed").length;
  }

  async credits(user: User): Promise<number> {
    const [row] = await this.sql`select credits from profiles where id = ${user.id}`;
    return row?.["credits"];
  }
}

/** What a submission was answered; null: the connection was lost. */
// deno-lint-ignore no-explicit-any -- the tests assert what is in it.
export type Answer = { status: number; replayed: boolean; body: any };

export class User {
  constructor(readonly id: string, readonly token: string, readonly url: string) {}

  /** Submits a small picture once. */
  async submit(
    key: string,
    options: { prompt?: string; wait?: number } = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}/functions/v1/submit-generation`, {
      method: "POST",
      headers: {
        "authorization": `Bearer ${this.token}`,
        "content-type": "application/json",
        "idempotency-key": key,
        ...(options.wait ? { prefer: `wait=${options.wait}` } : {}),
      },
      body: JSON.stringify({
        type: "draft",
        input: { prompt: options.prompt ?? "a lighthouse", size: "16x16" },
      }),
    });
    return {
      status: response.status,
      replayed: response.headers.has("idempotent-replayed"),
      body: await response.json(),
    };
  }

  /** Submits as an app does: again, with the same key, until it is answered by the function and not by an outage. */
  async submitUntilAnswered(
    key: string,
    options: { prompt?: string; wait?: number } = {},
  ): Promise<Answer> {
    const until = performance.now() + 60_000;
    while (performance.now() < until) {
      const answer = await this.submit(key, options);
      if (!isOutage(answer)) return answer;
      // The client's own pause: without it, it would keep down what it waits for.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${key} was not answered`);
  }
}

/** Whether it is said to be temporary, or said by the gateway, which found no worker alive. */
export function isOutage({ status, body }: Answer): boolean {
  const code: string | undefined = body.code;
  if (code === undefined) {
    ok(status < 300 || status === 502, `${status} ${JSON.stringify(body)}`);
    return status === 502;
  }
  return code === "DATABASE_UNAVAILABLE" || code === "ACCOUNT_BUSY";
}
