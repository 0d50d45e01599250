/** Users' tokens of any kind, good and bad: the stack's signing key lies in its folder. */

import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { join } from "node:path";
import type { Secrets } from "../../scripts/stack/keys.ts";
import { stack } from "./stack.ts";

export const secrets: Secrets = JSON.parse(
  await Deno.readTextFile(join(stack.folder, "secrets.json")),
);

/** The issuer of the stack's tokens. */
export const issuer = `${stack.url}/auth/v1`;

export type SigningKey = JWK & { kid: string };

/** A fresh ES256 key. */
export async function newKey(kid: string = crypto.randomUUID()): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...await exportJWK(privateKey), alg: "ES256", use: "sig", kid };
}

/** The public half of a key. */
export function publicHalf({ d: _, ...key }: SigningKey): JWK {
  return key;
}

/** What Supabase Auth says of a user; a claim that is undefined is left out. */
export function claimsOf(
  sub: unknown,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    aud: "authenticated",
    role: "authenticated",
    iat: now - 60,
    exp: now + 3600,
    sub,
    ...more,
  };
}

/** A token of these claims, signed by the stack's key unless another is given. */
export async function sign(
  claims: Record<string, unknown>,
  options: { key?: SigningKey; header?: Record<string, unknown> } = {},
): Promise<string> {
  const key = options.key ?? secrets.signingKey;
  const header = { alg: "ES256", typ: "JWT", kid: key.kid, ...options.header };
  return await new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(key, "ES256"));
}

/** One part of a token. */
export function encodePart(value: unknown): string {
  return new TextEncoder().encode(JSON.stringify(value)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}
