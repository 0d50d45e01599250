/** What a provider does that a generation was handed over to: it calls back, signed by Standard Webhooks. */

import { Webhook } from "standardwebhooks";
import type postgres from "postgres";
import { call, newUser, type Reply, type User } from "./http.ts";
import { secrets } from "./tokens.ts";

/** A generation that is a provider's now, which will say nothing of it by itself. */
export interface HandedOver {
  user: User;
  generationId: string;
  /** Names the attempt, as the provider was told. */
  attempt: string;
}

/** A generation of 5 credits, of a user who has 5 left, once it is handed over. Looks, bounded, at what the database says. */
export async function handedOver(sql: postgres.Sql): Promise<HandedOver> {
  const user = await newUser(10);
  const { body } = await user.post("/submit-generation", {
    type: "video",
    input: { prompt: "[hang]" },
  });
  const until = performance.now() + 20_000;
  while (performance.now() < until) {
    const [row] = await sql`
      select lease_token from generation_jobs
      where id = ${body.generation_id} and status = 'processing' and lease_expires_at is null`;
    if (row) return { user, generationId: body.generation_id, attempt: row["lease_token"] };
  }
  throw new Error(`Generation ${body.generation_id} was not handed over within 20 seconds`);
}

/** The message that the generation is done. */
export function completed(
  { generationId, attempt }: HandedOver,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const result = { images: [{ url: "https://render.example/1.png" }] };
  const data = { generation_id: generationId, attempt, result, ...more };
  return { type: "generation.completed", data };
}

/** The message that it failed. */
export function failed(
  { generationId, attempt }: HandedOver,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return { type: "generation.failed", data: { generation_id: generationId, attempt, ...more } };
}

export interface Signing {
  id?: string;
  /** When it was signed: so many seconds ago. */
  secondsAgo?: number;
  secret?: string;
}

/** The headers of a message with this body. */
export function signed(
  body: string,
  { id = `msg_${crypto.randomUUID()}`, secondsAgo = 0, secret = secrets.callbackSecret }: Signing =
    {},
): Record<string, string> {
  const time = new Date(Date.now() - secondsAgo * 1000);
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(time.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, time, body),
  };
}

/** Calls back with this message. */
export function callBack(message: Record<string, unknown>, signing: Signing = {}): Promise<Reply> {
  const body = JSON.stringify(message);
  return call("POST", "/generation-callback", { body, headers: signed(body, signing) });
}
