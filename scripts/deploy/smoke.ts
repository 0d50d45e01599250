/** What is looked at over HTTP in a deployment. Reads only; no account is needed. */

import type { Check } from "./checks.ts";

export interface Site {
  /** The project's URL, such as `https://abcdefghijklmnopqrst.supabase.co`. */
  url: string;
  /** The project's; null: what needs it is not called. */
  secretKey: string | null;
}

/** Without a key: whether the ledger adds up is not known. */
const NOT_CALLED: Check = {
  name: "GET /operations/health",
  ok: true,
  warning: true,
  found: "not called: SUPABASE_SECRET_KEY is not set",
  remedy: "With the project's secret key in SUPABASE_SECRET_KEY it is",
};

/** Longer than a cold start. */
const TIMEOUT_MS = 30_000;

/** All checks over HTTP; one for each edge function, which a browser could call. */
export async function smokeChecks({ url, secretKey }: Site, functions: string[]): Promise<Check[]> {
  const base = `${url.replace(/\/+$/, "")}/functions/v1`;
  return await Promise.all([
    secretKey === null ? NOT_CALLED : healthCheck(base, secretKey),
    refusalCheck(base),
    ...functions.map((name) => preflightCheck(base, name)),
  ]);
}

async function healthCheck(base: string, secretKey: string): Promise<Check> {
  return await check("GET /operations/health", async () => {
    const response = await ask(`${base}/operations/health`, { headers: { apikey: secretKey } });
    const body = await response.json();
    if (response.status === 200 && body.healthy === true) {
      return { ok: true, found: "200, healthy" };
    }
    if (response.status !== 503 || !Array.isArray(body.checks)) {
      return {
        ok: false,
        found: `${response.status} ${body.code ?? ""}`,
        remedy: response.status === 401
          ? "Give the project's secret key (sb_secret_…, not the legacy service_role key)"
          : "Look for its request_id in the function's log",
      };
    }
    const broken = body.checks.filter((entry: { ok: boolean }) => !entry.ok);
    return {
      ok: false,
      found: broken.map((entry: { count: number; meaning: string }) =>
        `${entry.count} ${entry.meaning}`
      )
        .join("; "),
      remedy:
        "An invariant is broken: docs/database.md says what each means. Stop writes before you repair",
    };
  });
}

async function refusalCheck(base: string): Promise<Check> {
  return await check("GET /account without a token", async () => {
    const response = await ask(`${base}/account`, {});
    const type = response.headers.get("content-type") ?? "no content type";
    await response.body?.cancel();
    const ok = response.status === 401 && type.startsWith("application/problem+json");
    return {
      ok,
      found: `${response.status} ${type}`,
      remedy: response.status === 401
        ? "The platform checks tokens before the function does: deploy with verify_jwt = false, as in supabase/config.toml"
        : "It must be a 401 of ours: deploy the functions of this checkout",
    };
  });
}

async function preflightCheck(base: string, name: string): Promise<Check> {
  return await check(`OPTIONS /${name}`, async () => {
    const response = await ask(`${base}/${name}`, {
      method: "OPTIONS",
      headers: {
        "origin": "https://app.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,idempotency-key",
      },
    });
    await response.body?.cancel();
    // A gateway may answer for a function that is not there, with headers of its own; and a function of ours may have no
    // route of this very path.
    const isOurs =
      response.headers.get("access-control-expose-headers")?.includes("idempotent-replayed") ??
        false;
    const ok = isOurs && (response.ok || response.status === 404);
    const isMissing = !isOurs && response.status === 404;
    return {
      ok,
      found: ok ? "answers browsers" : isMissing ? "404: not deployed" : `${response.status}`,
      remedy: isMissing
        ? `supabase functions deploy ${name} --use-api --remote=REF`
        : "Its log says why it does not start; a missing secret is the usual reason",
    };
  });
}

function ask(url: string, init: RequestInit): Promise<Response> {
  return fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
}

/** A call that does not come to an answer is a check that failed. */
async function check(
  name: string,
  look: () => Promise<{ ok: boolean; found: string; remedy?: string }>,
): Promise<Check> {
  try {
    return { name, remedy: "", ...await look() };
  } catch (error) {
    const found = error instanceof SyntaxError ? "no JSON" : String(error);
    return {
      name,
      ok: false,
      found,
      remedy: "Is --url the project's URL, and does it serve the functions?",
    };
  }
}
