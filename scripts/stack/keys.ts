import { randomBytes, randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { join } from "node:path";
import { readIfExists, writePrivately } from "./files.ts";

/** The database roles that log in, each with a password of its own. */
export const loginRoles = [
  "supabase_admin",
  "supabase_auth_admin",
  "authenticator",
  "postgres",
] as const;

/** One of {@linkcode loginRoles}. */
export type LoginRole = typeof loginRoles[number];

/** What the stack keeps from start to start, in `secrets.json` of its folder. */
export interface Secrets {
  /** Names this folder's data where it has to lie elsewhere. Random, so that a new folder never meets old data. */
  instance: string;
  publishableKey: string;
  secretKey: string;
  /** The private ES256 key that signs users' tokens. */
  signingKey: JWK & { kid: string };
  databasePasswords: Record<LoginRole, string>;
  /** The key that the image server asks for. */
  imageServerKey: string;
  /** Signs what the image server calls back with, as Standard Webhooks have it. */
  callbackSecret: string;
}

/** The secrets of `folder`, made when it has none yet, or not all of them: another version may have made it. */
export async function loadSecrets(folder: string): Promise<Secrets> {
  const path = join(folder, "secrets.json");
  const kept: Partial<Secrets> = JSON.parse(await readIfExists(path) ?? "{}");
  const made = await makeSecrets();
  const secrets = { ...made, ...kept };
  if (Object.keys(made).every((name) => name in kept)) return secrets;
  await writePrivately(path, JSON.stringify(secrets, null, 2));
  return secrets;
}

async function makeSecrets(): Promise<Secrets> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const passwords = loginRoles.map((role) => [role, randomBytes(24).toString("hex")]);
  return {
    instance: randomBytes(12).toString("hex"),
    publishableKey: `sb_publishable_${randomBytes(24).toString("base64url")}`,
    secretKey: `sb_secret_${randomBytes(24).toString("base64url")}`,
    signingKey: { ...await exportJWK(privateKey), alg: "ES256", use: "sig", kid: randomUUID() },
    databasePasswords: Object.fromEntries(passwords),
    imageServerKey: `images-${randomBytes(24).toString("base64url")}`,
    callbackSecret: `whsec_${randomBytes(32).toString("base64")}`,
  };
}

/** The public half of the signing key as a key set, as it is published at `/auth/v1/.well-known/jwks.json`. */
export function publicKeySet(secrets: Secrets): { keys: JWK[] } {
  const { d: _private, ...publicKey } = secrets.signingKey;
  return { keys: [publicKey] };
}

/** Signs `claims` into a token that ends after `lifetimeSeconds`. */
export type SignToken = (
  claims: Record<string, unknown>,
  lifetimeSeconds: number,
) => Promise<string>;

/** A signer of tokens for users and roles, in the name of `issuer`. */
export async function tokenSigner(secrets: Secrets, issuer: string): Promise<SignToken> {
  const key = await importJWK(secrets.signingKey, "ES256");
  const header = { alg: "ES256", typ: "JWT", kid: secrets.signingKey.kid };
  return (claims, lifetimeSeconds) => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ ...claims, iss: issuer, iat: now, exp: now + lifetimeSeconds })
      .setProtectedHeader(header)
      .sign(key);
  };
}
