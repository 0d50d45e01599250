/** Cross-origin access: any origin may call, since nothing here rests on cookies. */

const ALLOWED_HEADERS = [
  "authorization",
  "apikey",
  "content-type",
  "idempotency-key",
  "prefer",
  "if-none-match",
  "x-min-version",
  "last-event-id",
  "x-client-info",
  // What supabase-js itself may send beside.
  "x-region",
  "x-retry-count",
  "traceparent",
  "tracestate",
  "baggage",
].join(", ");

const EXPOSED_HEADERS = [
  "etag",
  "location",
  "retry-after",
  "idempotent-replayed",
  "preference-applied",
  "x-request-id",
].join(", ");

/** Adds to an answer what lets a page of another origin read it. */
export function allowCrossOrigin(headers: Headers): void {
  headers.set("access-control-allow-origin", "*");
  headers.set("access-control-expose-headers", EXPOSED_HEADERS);
}

/** The answer to a preflight request. */
export function preflightResponse(methods: string[]): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": [...methods, "OPTIONS"].join(", "),
      "access-control-allow-headers": ALLOWED_HEADERS,
      "access-control-max-age": "7200",
    },
  });
}
