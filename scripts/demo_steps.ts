/** The demo's steps beyond the first job: what a generation cost in the end, providers that call back, and the event stream. */

import type { SupabaseClient } from "@supabase/supabase-js";
import { EventSource } from "eventsource";
import type { Stack } from "./stack/stack.ts";

/** One row of the demo's table. */
export interface Step {
  what: string;
  outcome: string;
  credits: string;
  asPromised: boolean;
}

/** Calls a function and answers its body, whatever its status. */
// deno-lint-ignore no-explicit-any -- each step looks at what it needs.
export type Ask = (name: string, body: unknown, headers?: Record<string, string>) => Promise<any>;

const wait = { prefer: "wait=30" };

/** A text holds what it may cost at most, and settles for the tokens that it took. */
export async function settleForUsage(ask: Ask): Promise<Step> {
  const body = await ask(
    "submit-generation",
    { type: "chat", input: { prompt: "a haiku about a row lock" } },
    wait,
  );
  const tokens = body.result?.usage?.total_tokens;
  return {
    what: "a text that is paid by its tokens",
    outcome: `${body.status}; ${tokens} tokens: ${body.refunded} of ${body.cost} credits came back`,
    credits: `10 → 0 → ${body.credits}`,
    asPromised: body.status === "completed" && body.refunded > 0 && body.credits === body.refunded,
  };
}

/** A job that a provider works on elsewhere, and calls back for, signed, and twice. */
export async function callBack(ask: Ask, before: number): Promise<Step> {
  const body = await ask(
    "submit-generation",
    { type: "video", input: { prompt: "a lighthouse, turning [twice]" } },
    wait,
  );
  return {
    what: "a provider that calls back, twice",
    outcome: `${body.status}, settled once`,
    credits: `${before} → ${body.credits}`,
    asPromised: body.status === "completed" && body.credits === before - body.cost,
  };
}

/** Another device of the same user hears of the new balance. */
export async function hear(
  stack: Stack,
  client: SupabaseClient,
  ask: Ask,
  before: number,
): Promise<Step> {
  const { data } = await client.auth.getSession();
  const source = new EventSource(`${stack.url}/functions/v1/events?topics=account`, {
    fetch: (url, init) =>
      fetch(url, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${data.session?.access_token}` },
      }),
  });
  try {
    await new Promise((resolve) => source.addEventListener("hello", resolve, { once: true }));
    const heard = new Promise<{ balance: number; at: number }>((resolve) => {
      source.addEventListener(
        "account",
        ({ data }) => resolve({ balance: JSON.parse(data).balance, at: performance.now() }),
        { once: true },
      );
    });
    const { credits } = await ask("submit-generation", {
      type: "draft",
      input: { prompt: "heard" },
    });
    const answeredAt = performance.now();
    const { balance, at } = await heard;
    return {
      what: "the same account on another device",
      outcome: `heard of the new balance ${Math.max(0, Math.round(at - answeredAt))} ms later`,
      credits: `${before} → ${balance}`,
      asPromised: balance === credits && balance === before - 1,
    };
  } finally {
    source.close();
  }
}
