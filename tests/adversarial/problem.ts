/** What every refusal must be. */

import { doesNotMatch, match, ok, strictEqual } from "node:assert/strict";
import { assertDescribed } from "../support/description.ts";
import { stack } from "../support/stack.ts";
import type { Answer } from "./send.ts";

const TITLES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
};

const page = await Deno.readTextFile(new URL("../../docs/errors.md", import.meta.url));
/** The codes that have an anchor of their own. */
const EXPLAINED = new Set(Array.from(page.matchAll(/^### ([A-Z_]+)$/gm), ([, code]) => code));

/** Code, SQL, files, programs, hosts and keys of the inside. */
const INSIDE = [
  /\bat .*:\d+:\d+/,
  /\.(ts|mjs|cjs|sql)\b/,
  /node_modules|supabase\/functions|\/(work|tmp|root|home|var)\//,
  /postgres|pgrst|plpgsql|sqlstate|schema cache|constraint|violat/i,
  /\b(select|insert into|update|delete from) .* (from|values|set|where) /i,
  /deno\b|127\.0\.0\.1|localhost/i,
  /"(stack|cause|hint|details)"/,
];

const CORS_EXPOSED =
  "etag, location, retry-after, idempotent-replayed, preference-applied, x-request-id";

/** Lets a page of any origin read the answer, with every header of the contract. */
export function assertCrossOrigin({ headers }: Answer, where: string): void {
  strictEqual(headers.get("access-control-allow-origin"), "*", where);
  const exposed = headers.get("access-control-expose-headers")?.split(", ") ?? [];
  for (const name of CORS_EXPOSED.split(", ")) ok(exposed.includes(name), `${where}: ${name}`);
}

/**
 * Checks that an answer is the documented problem with this status and one of these codes, and nothing more.
 *
 * @param where Names the case in a failure.
 * @returns The problem.
 */
export function assertProblem(
  answer: Answer,
  status: number,
  codes: string | readonly string[],
  where: string,
): Record<string, unknown> {
  const { headers, text } = answer;
  const told = `${where}: ${answer.status} ${text.slice(0, 500)}`;
  strictEqual(answer.status, status, told);
  strictEqual(headers.get("content-type"), "application/problem+json", told);
  const problem = JSON.parse(text);
  const { type, title, detail, code, request_id } = problem;
  ok([codes].flat().includes(code), told);
  ok(String(type).endsWith(`#${code.toLowerCase()}`) && EXPLAINED.has(code), told);
  strictEqual(title, TITLES[status], told);
  strictEqual(problem.status, status, told);
  ok(typeof detail === "string" && detail.length > 0, told);
  match(request_id, /^[0-9a-f-]{36}$/, told);
  strictEqual(headers.get("x-request-id"), request_id, told);
  strictEqual(headers.get("cache-control"), "no-store", told);
  strictEqual(headers.get("set-cookie"), null, told);
  assertCrossOrigin(answer, told);
  if (code === "INVALID_SIGNATURE") {
    strictEqual(headers.get("www-authenticate"), "StandardWebhooks", told);
  } else if (status === 401) {
    strictEqual(headers.get("www-authenticate"), "Bearer", told);
    strictEqual(headers.get("x-supabase-server-error"), code, told);
  }
  const [method = "", path = ""] = where.split(" ");
  assertDescribed(method, path, status, headers.get("content-type"), problem);
  // What the caller sent may come back; what is behind the functions may not.
  const ours = JSON.stringify({ ...problem, type: "" }).replaceAll(/docs\/[\w-]+\.md/g, "");
  for (const inside of INSIDE) doesNotMatch(ours, inside, told);
  ok(!text.includes(stack.secretKey), told);
  return problem;
}
