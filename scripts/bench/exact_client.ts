/**
 * A client of the stream on an `EventSource` that we did not write (npm `eventsource`). It takes each event at its word: one
 * that does not follow the one before it, in its topic, is an error, unless it was told `reset`.
 */

import { EventSource } from "eventsource";

/** Where an `EventSource` has given up, as it does after an answer other than 200, an app tries again after so long. */
const AGAIN_MS = 300;

export interface ExactClientOptions {
  /** The functions, such as `http://127.0.0.1:54321/functions/v1`. */
  functionsUrl: string;
  topics: string[];
  /** The token to come with, asked for each connection. */
  token(): string | Promise<string>;
}

export class ExactClient {
  /** The newest version or id, by topic. */
  readonly at = new Map<string, number>();
  /** How many events came, without `hello` and `reset`. */
  events = 0;
  resets = 0;
  connections = 0;
  /** Why the server asked to come again. */
  readonly rotations: string[] = [];
  readonly revoked: string[] = [];
  readonly #options: ExactClientOptions;
  readonly #failed = Promise.withResolvers<never>();
  #source!: EventSource;
  #again: ReturnType<typeof setTimeout> | undefined;
  #lastEventId = "";
  #wake = Promise.withResolvers<void>();

  constructor(options: ExactClientOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => {}); // told to whoever waits
    this.#open();
  }

  /** Resolves when it is where `check` says. Rejects when something came that must not. */
  async until(check: () => boolean, what: string): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const at = JSON.stringify([...this.at]);
      late.reject(new Error(`Not ${what}: at ${at} after ${this.connections} connections`));
    }, 120_000);
    try {
      while (!check()) {
        await Promise.race([this.#wake.promise, this.#failed.promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when it has come to these versions and ids. */
  reaches(goal: Record<string, number>): Promise<void> {
    const isThere = () => Object.entries(goal).every(([name, at]) => this.at.get(name) === at);
    return this.until(isThere, JSON.stringify(goal));
  }

  close(): void {
    clearTimeout(this.#again);
    this.#source.close();
  }

  #open(): void {
    const { functionsUrl, topics, token } = this.#options;
    const query = new URLSearchParams({ topics: topics.join(",") });
    if (this.#lastEventId !== "") query.set("last_event_id", this.#lastEventId);
    const source = new EventSource(`${functionsUrl}/events?${query}`, {
      fetch: async (url, init) =>
        await fetch(url, {
          ...init,
          headers: { ...init.headers, authorization: `Bearer ${await token()}` },
        }),
    });
    source.addEventListener("open", () => this.connections++);
    source.addEventListener("error", () => {
      if (source.readyState === source.CLOSED) {
        this.#again = setTimeout(() => this.#open(), AGAIN_MS);
      }
    });
    for (const type of ["hello", "reset", "account", "notification", "rotate", "revoked"]) {
      source.addEventListener(type, (event) => {
        this.#lastEventId = event.lastEventId;
        try {
          this.#hear(type, JSON.parse(event.data));
        } catch (error) {
          this.#failed.reject(error);
        }
        this.#wake.resolve();
        this.#wake = Promise.withResolvers();
      });
    }
    this.#source = source;
  }

  // deno-lint-ignore no-explicit-any -- what the protocol says is in docs/events.md.
  #hear(type: string, data: any): void {
    switch (type) {
      case "hello":
        return this.#begin(data, (name) => !this.at.has(name));
      case "reset":
        this.resets++;
        return this.#begin(data, () => true);
      case "account":
        return this.#next("account", data.version);
      case "notification":
        return this.#next(data.topic, data.id);
      case "rotate":
        this.rotations.push(data.reason);
        return;
      case "revoked":
        this.revoked.push(data.topic);
        return;
    }
  }

  // deno-lint-ignore no-explicit-any -- a snapshot.
  #begin({ account, topics }: any, takes: (name: string) => boolean): void {
    const versions = Object.entries<{ version: number }>({ ...topics, ...account && { account } });
    for (const [name, { version }] of versions) if (takes(name)) this.at.set(name, version);
  }

  #next(name: string, at: number): void {
    const before = this.at.get(name);
    if (before === undefined || at !== before + 1) {
      throw new Error(`${name} ${at} came after ${before}`);
    }
    this.at.set(name, at);
    this.events++;
  }
}
