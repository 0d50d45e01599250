/**
 * Who calls. `@supabase/server` verifies tokens and keys; the user id only ever comes from a verified token. Its core
 * `verifyAuth` is used rather than `createSupabaseContext`, which would make two clients for every request.
 */

import type { AuthError } from "@supabase/server";
import { verifyAuth } from "@supabase/server/core";
import { Problem } from "./problem.ts";

/**
 * Who may call a route: a signed-in user, one with a ticket of this function's own, an operator with a secret key, a provider
 * that signs what it sends, or anybody.
 */
export type Audience = "user" | "ticket" | "operator" | "provider" | "anybody";

export type Caller =
  | {
    kind: "user";
    userId: string;
    /** The role that the app gave the user, as Supabase's guides keep it: the claim `user_role`, or `app_metadata.role`. */
    role: string | null;
    expiresAt: Date;
  }
  | { kind: "operator" }
  | { kind: "provider" }
  | { kind: "anybody" };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface AuthOptions {
  /** Accepted `iss` claims; null: any issuer whose key is in the JWKS. */
  issuers: string[] | null;
  /** Accepted `aud` claims. */
  audiences: string[];
  /** The caller that the `ticket` parameter of a request names; where routes take tickets. */
  verifyTicket?: (ticket: string) => Promise<Caller>;
  /** Throws a problem unless a provider has signed this body; where routes take what providers send. */
  verifySignature?: VerifySignature;
}

/** @throws {Problem} 401 `INVALID_SIGNATURE` */
export type VerifySignature = (headers: Headers, body: Uint8Array) => void;

/** How far the signed time may be off, in seconds, as Standard Webhooks has it. */
const SIGNED_WITHIN_SECONDS = 5 * 60;

/**
 * Refuses what cannot be signed well, by its headers alone: so that nobody's megabytes are read for nothing.
 *
 * @throws {Problem} 401 `INVALID_SIGNATURE`
 */
export function refuseUnsigned(headers: Headers): void {
  const seconds = Number.parseInt(headers.get("webhook-timestamp") ?? "", 10);
  const isInTime = Math.abs(Date.now() / 1000 - seconds) <= SIGNED_WITHIN_SECONDS + 1;
  if (isInTime && headers.get("webhook-id") && headers.get("webhook-signature")) return;
  throw invalidSignature();
}

export function invalidSignature(): Problem {
  return new Problem(
    "INVALID_SIGNATURE",
    "Sign the body as it is sent, by Standard Webhooks, with this project's secret and the time of now",
    {},
    { "www-authenticate": "StandardWebhooks" },
  );
}

/**
 * `AUTH_ISSUERS` and `AUTH_AUDIENCES` (comma-separated) add third-party issuers, whose keys must be in the JWKS, to
 * Supabase Auth. In the containers of `supabase start` the project URL is an internal one that no token names: there
 * the issuer is not pinned.
 */
export function authOptionsFromEnvironment(
  get: (name: string) => string | undefined,
): AuthOptions {
  const list = (name: string) => (get(name) ?? "").split(",").map((s) => s.trim()).filter(Boolean);
  const url = (get("SUPABASE_PUBLIC_URL") ?? get("SUPABASE_URL") ?? "").replace(
    /\/+$/,
    "",
  );
  const isPublic = /^(https:|http:\/\/(127\.0\.0\.1|localhost)[:/])/.test(
    `${url}/`,
  );
  return {
    issuers: isPublic ? [`${url}/auth/v1`, ...list("AUTH_ISSUERS")] : null,
    audiences: ["authenticated", ...list("AUTH_AUDIENCES")],
  };
}

/**
 * The caller of a request that any of `audiences` may make.
 *
 * @param body As it was sent; of a route for providers alone, whose signature is over it.
 * @throws {Problem} 401 with the code of `@supabase/server`, or 403 `FORBIDDEN` for a user on an operators' route.
 */
export async function authenticate(
  request: Request,
  audiences: readonly Audience[],
  options: AuthOptions,
  body: Uint8Array | null = null,
): Promise<Caller> {
  if (audiences.includes("anybody")) return { kind: "anybody" };
  if (audiences.includes("provider")) {
    if (!options.verifySignature || !body) {
      throw new Error("This function verifies no signatures");
    }
    options.verifySignature(request.headers, body);
    return { kind: "provider" };
  }
  if (audiences.includes("ticket") && options.verifyTicket) {
    const ticket = new URL(request.url).searchParams.get("ticket");
    if (ticket !== null) return await options.verifyTicket(ticket);
  }
  const modes = audiences.flatMap((audience) =>
    audience === "user" ? ["user" as const] : audience === "operator" ? ["secret:*" as const] : []
  );
  const verify = (auth: typeof modes) =>
    verifyAuth(request, {
      auth,
      audience: options.audiences,
      ...(options.issuers === null ? {} : { issuer: options.issuers }),
    });

  const { data, error } = await verify(modes);
  if (error !== null) {
    const isUser = !audiences.includes("user") &&
      (await verify(["user"])).error === null;
    throw isUser
      ? new Problem(
        "FORBIDDEN",
        "This route is for operators: send a secret key in the apikey header",
      )
      : problemOf(error);
  }
  if (data.authMode === "secret") return { kind: "operator" };

  const { sub, exp } = data.jwtClaims ?? {};
  if (exp === undefined) {
    const headers = {
      "x-supabase-server-error": "INVALID_JWT",
      "www-authenticate": "Bearer",
    };
    throw new Problem(
      "INVALID_JWT",
      'Invalid JWT: it has no "exp" claim',
      {},
      headers,
      401,
    );
  }
  if (!sub || !UUID.test(sub)) {
    throw new Problem(
      "FORBIDDEN",
      "The subject of this token is no UUID, so it names no account here",
    );
  }
  return {
    kind: "user",
    userId: sub.toLowerCase(),
    role: roleOf(data.jwtClaims ?? {}),
    expiresAt: new Date(exp * 1000),
  };
}

function roleOf(claims: Record<string, unknown>): string | null {
  const metadata = claims["app_metadata"];
  const inMetadata = typeof metadata === "object" && metadata !== null
    ? (metadata as Record<string, unknown>)["role"]
    : null;
  const role = claims["user_role"] ?? inMetadata;
  return typeof role === "string" ? role : null;
}

/** 401 tells the caller; anything else is a misconfigured server, which the caller can do nothing about. */
function problemOf(error: AuthError): Problem {
  const headers = { "x-supabase-server-error": error.code };
  if (error.status !== 401) {
    return new Problem(
      error.code,
      "The server cannot verify credentials",
      {},
      headers,
      error.status,
    );
  }
  const detail = error.message.replace(/^\[@supabase\/server\]\s*/, "");
  return new Problem(error.code, detail, {}, {
    ...headers,
    "www-authenticate": "Bearer",
  }, 401);
}
