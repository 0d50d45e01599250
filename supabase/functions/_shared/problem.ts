/**
 * Every refusal is a problem of RFC 9457, `application/problem+json`, with a `code` that programs can rely on.
 * docs/errors.md has an anchor for each.
 */

/** The status that goes with each code of ours; the codes of `@supabase/server` bring their own. */
export const STATUS_OF = {
  INVALID_REQUEST: 400,
  IDEMPOTENCY_KEY_INVALID: 400,
  INVALID_SIGNATURE: 401,
  INSUFFICIENT_CREDITS: 402,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  PROFILE_NOT_FOUND: 404,
  GENERATION_NOT_FOUND: 404,
  UNKNOWN_TYPE: 404,
  UNKNOWN_TOPIC: 404,
  METHOD_NOT_ALLOWED: 405,
  GENERATION_ALREADY_SETTLED: 409,
  GENERATION_IN_PROGRESS: 409,
  NOTHING_TO_REFUND: 409,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  IDEMPOTENCY_KEY_REUSED: 422,
  RATE_LIMITED: 429,
  INTERNAL_ERROR: 500,
  GENERATION_FAILED: 502,
  DATABASE_UNAVAILABLE: 503,
  ACCOUNT_BUSY: 503,
  GENERATION_TIMED_OUT: 504,
} as const;

export type Code = keyof typeof STATUS_OF;

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
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** A refusal, thrown anywhere below a route and answered by {@link serve} as a problem. */
export class Problem extends Error {
  override name = "Problem";

  /**
   * @param code What went wrong, for programs.
   * @param detail What went wrong and what to do, for people; nothing of the inside.
   * @param fields Further members of the body, such as `credits`, `version`, `epoch`.
   * @param headers Further headers of the answer.
   */
  constructor(
    readonly code: string,
    readonly detail: string,
    readonly fields: Record<string, unknown> = {},
    readonly headers: Record<string, string> = {},
    readonly status: number = STATUS_OF[code as Code] ?? 500,
  ) {
    super(`${code}: ${detail}`);
  }
}

/** The answer that tells of a problem. */
export function problemResponse(problem: Problem, requestId: string): Response {
  const body = {
    type: `docs/errors.md#${problem.code.toLowerCase()}`,
    title: TITLES[problem.status] ?? "Error",
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    request_id: requestId,
    ...problem.fields,
  };
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", ...problem.headers },
  });
}
