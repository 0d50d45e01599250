/**
 * Tickets: a browser's own `EventSource` can send no header, and a token does not belong into a URL, which is logged on its
 * way. A ticket is good for a minute, or for as long as the token is, for the stream alone; a stream that it began ends when the token would have.
 */

import { jwtVerify, SignJWT } from "jose";
import type { Caller } from "../_shared/auth.ts";
import { Problem } from "../_shared/problem.ts";

export const TICKET_SECONDS = 60;

const ISSUER = "edge-credits";
const AUDIENCE = "events";

export interface Tickets {
  issue(
    caller: Caller & { kind: "user" },
  ): Promise<{ ticket: string; expires_at: string }>;
  /** @throws {Problem} 401 `INVALID_TICKET` */
  verify(ticket: string): Promise<Caller>;
}

/** @param secret What the workers of a project share and nobody else knows: its secret key. The ticket's key is derived from it. */
export function createTickets(secret: string): Tickets {
  const key = deriveKey(secret);
  return {
    async issue({ userId, role, expiresAt }) {
      const until = Math.floor(expiresAt.getTime() / 1000);
      const expires = Math.min(
        Math.floor(Date.now() / 1000) + TICKET_SECONDS,
        until,
      );
      const ticket = await new SignJWT({ role, until })
        .setProtectedHeader({ alg: "HS256" })
        .setIssuer(ISSUER).setAudience(AUDIENCE).setSubject(userId)
        .setExpirationTime(expires)
        .sign(await key);
      return { ticket, expires_at: new Date(expires * 1000).toISOString() };
    },
    async verify(ticket) {
      try {
        const { payload } = await jwtVerify(ticket, await key, {
          algorithms: ["HS256"],
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ["sub", "exp", "until"],
        });
        return {
          kind: "user",
          userId: String(payload.sub),
          role: typeof payload["role"] === "string" ? payload["role"] : null,
          expiresAt: new Date(Number(payload["until"]) * 1000),
        };
      } catch {
        throw new Problem(
          "INVALID_TICKET",
          "This ticket is not good, or not any more: POST /events/ticket gives a new one, and last_event_id goes on where you were",
          {},
          { "www-authenticate": "Bearer" },
          401,
        );
      }
    },
  };
}

/** HKDF (RFC 5869), so that a ticket's signature tells nothing of the secret key itself. */
async function deriveKey(secret: string): Promise<CryptoKey> {
  const text = new TextEncoder();
  const material = await crypto.subtle.importKey(
    "raw",
    text.encode(secret),
    "HKDF",
    false,
    [
      "deriveKey",
    ],
  );
  return await crypto.subtle.deriveKey(
    {
      name: "HKDF",
      hash: "SHA-256",
      salt: new Uint8Array(),
      info: text.encode("edge-credits events ticket"),
    },
    material,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}
