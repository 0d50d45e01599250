/** A channel of an unmodified supabase-js client, and what it received. */

import { createClient, type RealtimeChannel, type SupabaseClient } from "@supabase/supabase-js";
import { appClient, stack } from "../support/stack.ts";

/** What arrived on a channel. */
export interface Received {
  event: string;
  // deno-lint-ignore no-explicit-any -- the tests assert what is in it.
  payload: any;
}

const patienceMs = 10_000;

/** A private channel. Everything that is awaited is awaited for so long at most. */
export class Listener implements AsyncDisposable {
  readonly #client: SupabaseClient;
  readonly #channel: RealtimeChannel;
  readonly #received: Received[] = [];
  readonly #statuses: string[] = [];
  /** What the server said of the channel itself. */
  readonly said: string[] = [];
  #wake = () => {};

  private constructor(client: SupabaseClient, name: string, isPrivate: boolean) {
    this.#client = client;
    this.#channel = client.channel(name, { config: { private: isPrivate } });
    this.#channel.on("broadcast", { event: "*" }, ({ event, payload }) => {
      this.#received.push({ event, payload });
      this.#wake();
    });
    this.#channel.on("system", {}, ({ message }) => this.said.push(message));
  }

  /** Joins, or throws what the server said against it. */
  static async join(
    client: SupabaseClient,
    name: string,
    { isPrivate = true } = {},
  ): Promise<Listener> {
    const listener = new Listener(client, name, isPrivate);
    try {
      await new Promise<void>((resolve, reject) => {
        listener.#channel.subscribe((status, error) => {
          listener.#statuses.push(status);
          listener.#wake();
          if (status === "SUBSCRIBED") resolve();
          else reject(error ?? new Error(status));
        }, patienceMs);
      });
    } catch (error) {
      await listener[Symbol.asyncDispose]();
      throw error;
    }
    return listener;
  }

  /** The next that was received. */
  async next(): Promise<Received> {
    await this.#until(() => this.#received.length > 0, "Nothing was received");
    return this.#received.shift() as Received;
  }

  /** Waits for the server to end the channel. */
  async closed(): Promise<void> {
    await this.#until(() => this.#statuses.includes("CLOSED"), "The channel was not ended");
  }

  /** Leaves the channel, and keeps the connection. */
  async leave(): Promise<void> {
    await this.#client.removeChannel(this.#channel);
  }

  /** How much was received and not yet asked for. */
  get waiting(): number {
    return this.#received.length;
  }

  async #until(condition: () => boolean, otherwise: string): Promise<void> {
    const timeout = AbortSignal.timeout(patienceMs);
    while (!condition()) {
      if (timeout.aborted) throw new Error(otherwise);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      timeout.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
    await this.#client.realtime.disconnect();
  }
}

/** A client with a user who has just signed in. */
export async function signIn(): Promise<{ client: SupabaseClient; id: string }> {
  const client = appClient();
  const { data, error } = await client.auth.signInAnonymously();
  if (error || !data.user) throw error ?? new Error("The sign-in gave no user");
  return { client, id: data.user.id };
}

/** A client whose tokens come from elsewhere; a private channel waits for the first of them, as Supabase's guide says. */
export async function clientWith(
  accessToken: () => Promise<string>,
  realtime: { vsn?: string } = {},
): Promise<SupabaseClient> {
  const client = createClient(stack.url, stack.publishableKey, { accessToken, realtime });
  await client.realtime.setAuth();
  return client;
}
