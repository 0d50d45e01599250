/** What the stand-in of Supabase Realtime reads and says: messages of Phoenix channels, in both of their notations. */
import { z } from "zod";

/** The notation that a client asks for, as `vsn`: objects (1.0.0) or arrays (2.0.0). */
export type Notation = "1.0.0" | "2.0.0";

/** A message in either direction. `joinRef` names the join that it belongs to, `ref` what it replies to. */
export interface Message {
  topic: string;
  event: string;
  payload: unknown;
  ref: string | null;
  joinRef: string | null;
}

const reference = z.string().nullish().transform((value) => value ?? null);

const asObject = z.object({
  topic: z.string(),
  event: z.string(),
  payload: z.unknown(),
  ref: reference,
  join_ref: reference,
}).transform(({ join_ref, ...message }) => ({ ...message, joinRef: join_ref }));

const asArray = z.tuple([reference, reference, z.string(), z.string(), z.unknown()])
  .transform(([joinRef, ref, topic, event, payload]) => ({ joinRef, ref, topic, event, payload }));

/** The message of a text frame. Throws where it is none. */
export function decode(text: string, notation: Notation): Message {
  const schema = notation === "1.0.0" ? asObject : asArray;
  return schema.parse(JSON.parse(text));
}

/** A message as a text frame. The real server sends broadcasts as binary frames in notation 2.0.0; clients read both. */
export function encode(message: Message, notation: Notation): string {
  const { topic, event, payload, ref, joinRef } = message;
  return JSON.stringify(
    notation === "1.0.0"
      ? { topic, event, payload, ref, join_ref: joinRef }
      : [joinRef, ref, topic, event, payload],
  );
}

/** The reply to a message of a client. */
export function reply(to: Message, status: "ok" | "error", response: unknown): Message {
  return { ...to, event: "phx_reply", payload: { status, response } };
}

/** What a client says when it joins a channel; what else it says is not asked here. */
export const joinPayload = z.object({
  config: z.object({
    private: z.boolean().nullish(),
    presence: z.object({ enabled: z.boolean().nullish() }).nullish(),
    postgres_changes: z.array(z.unknown()).nullish(),
  }).nullish(),
  access_token: z.string().nullish(),
});

/** What a client says when its token was refreshed. */
export const tokenPayload = z.object({ access_token: z.string().nullable() });
