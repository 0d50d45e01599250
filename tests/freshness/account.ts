/** One account of a test, and what must be seen of it once its last write has been answered. */

import type postgres from "postgres";
import { claimsOf, sign } from "../support/tokens.ts";

/** What a worker answered. */
export interface Answer {
  status: number;
  etag: string | null;
  // deno-lint-ignore no-explicit-any -- the tests assert what is in it.
  body: any;
}

export class Account {
  version = 1;
  lastCreditVersion = 1;
  epoch = 0;
  generation: { id: string; status: string } | null = null;
  muted = false;
  /** Its second page of the history, as it was given first: a page never changes. */
  page: { before: number; events: string } | null = null;
  /** What was asked for and given where: `<origin><path>`, and the tag of the newest answer. */
  readonly asked = new Map<string, string>();

  private constructor(readonly id: string, readonly token: string, public credits: number) {}

  /** Makes accounts without an auth user: for the functions the token is all there is to one. */
  static async create(sql: postgres.Sql, count: number, credits = 1000): Promise<Account[]> {
    const ids = Array.from({ length: count }, () => crypto.randomUUID());
    await sql`insert into profiles (id, credits) select unnest(${ids}::uuid[]), ${credits}`;
    const [settings] = await sql`select epoch from private.settings`;
    return await Promise.all(ids.map(async (id) => {
      const account = new Account(id, await sign(claimsOf(id)), credits);
      account.epoch = Number(settings?.["epoch"]);
      return account;
    }));
  }

  get position(): string {
    return `${this.epoch}.${this.version}`;
  }

  /** A request with the account's token; with `apikey`, an operator's. */
  async request(
    method: string,
    url: string,
    options: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await fetch(url, {
      method,
      headers: {
        // What a cache that is told of writes goes by: tests/freshness/variants.
        "x-account": this.id,
        ...(options.headers?.["apikey"] ? {} : { authorization: `Bearer ${this.token}` }),
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      etag: response.headers.get("etag"),
      body: text === "" ? null : JSON.parse(text),
    };
  }

  /** Notes what a write answered. */
  moved(answer: { version: number; credits: number }): void {
    this.version = Number(answer.version);
    if (answer.credits !== this.credits) this.lastCreditVersion = this.version;
    this.credits = answer.credits;
  }
}
