/**
 * The frame around every function: route, caller, body, handler, problem, CORS, log. A function is a list of routes.
 */

import { z } from "zod";
import { authenticate, type AuthOptions, type Caller, refuseUnsigned } from "./auth.ts";
import { parseBody, readBytes } from "./body.ts";
import type { Endpoint } from "./contract.ts";
import { allowCrossOrigin, preflightResponse } from "./cors.ts";
import { readIdempotencyKey } from "./idempotency.ts";
import { describe, type Level, type Log } from "./log.ts";
import type { Count } from "./metrics.ts";
import { Problem, problemResponse } from "./problem.ts";

/** What a handler is given: everything that was checked. */
export interface Checked<Body, Query> {
  caller: Caller;
  /** The id of a `user` caller. @throws for others: a route that asks for it is a route for users. */
  userId: string;
  body: Body;
  query: Query;
  /** The named parts of the path, such as `id`. */
  path: Record<string, string>;
  idempotencyKey: string | null;
  headers: Headers;
  /** Aborted when the client has left. */
  signal: AbortSignal;
  requestId: string;
}

/** What a handler answers: `body` is sent as JSON; `json` is JSON already; neither, where the status allows no body. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  json?: string;
  /** Another body than JSON; its media type is in the headers. */
  stream?: ReadableStream<Uint8Array> | string;
}

/** An endpoint of the contract, and what answers it. */
export interface Route<Body, Query> {
  endpoint: Endpoint<Body, Query>;
  handle(request: Checked<Body, Query>): Promise<Reply>;
}

// deno-lint-ignore no-explicit-any -- a list holds routes of many bodies; `route` has checked each.
type AnyRoute = Route<any, any>;

/** Ties a handler to the schemas of its endpoint. */
export function route<Body, Query>(
  endpoint: Endpoint<Body, Query>,
  handle: Route<Body, Query>["handle"],
): AnyRoute {
  return { endpoint, handle };
}

export interface Frame {
  auth: AuthOptions;
  log: Log;
  count: Count;
}

/** The `fetch` of a function. It never throws: what a handler throws becomes a problem. */
export function serve(
  routes: AnyRoute[],
  frame: Frame,
): (request: Request) => Promise<Response> {
  const patterns = routes.map((route) => ({
    route,
    // Deployed, the path begins with the function's name; behind some gateways, with /functions/v1 before it.
    pattern: new URLPattern({
      pathname: `{/functions/v1}?/${route.endpoint.function}${route.endpoint.path}`,
    }),
  }));

  return async (request) => {
    const startedAt = performance.now();
    const requestId = crypto.randomUUID();
    const url = new URL(request.url);
    const note: Record<string, unknown> = {};
    let level: Level = "info";
    let response: Response;
    try {
      response = await answer(request, url, requestId, note);
    } catch (error) {
      let problem = error;
      if (!(problem instanceof Problem)) {
        Object.assign(note, describe(error));
        problem = new Problem(
          "INTERNAL_ERROR",
          "Something is wrong on our side; it has been logged",
        );
      }
      response = problemResponse(problem as Problem, requestId);
      note["code"] = (problem as Problem).code;
      frame.count("edge_credits_refusals", { code: (problem as Problem).code });
      if (response.status >= 500) level = "error";
    }
    allowCrossOrigin(response.headers);
    response.headers.set("x-request-id", requestId);
    if (!response.headers.has("cache-control")) {
      response.headers.set("cache-control", "no-store");
    }
    frame.log(level, "request", {
      request_id: requestId,
      function: routes[0]?.endpoint.function,
      method: request.method,
      path: url.pathname,
      status: response.status,
      duration_ms: Math.round(performance.now() - startedAt),
      ...note,
    });
    return response;
  };

  async function answer(
    request: Request,
    url: URL,
    requestId: string,
    note: Record<string, unknown>,
  ) {
    const here = patterns.flatMap(({ route, pattern }) => {
      const match = pattern.exec({
        pathname: url.pathname.replace(/(?<=.)\/+$/, ""),
      });
      return match ? [{ route, path: match.pathname.groups }] : [];
    });
    if (here.length === 0) {
      throw new Problem(
        "NOT_FOUND",
        "There is no such route; docs/http-api.md lists them",
      );
    }
    const methods = here.map(({ route }) => route.endpoint.method);
    if (request.method === "OPTIONS") return preflightResponse(methods);
    const isHead = request.method === "HEAD";
    const found = here.find(({ route }) =>
      route.endpoint.method === (isHead ? "GET" : request.method)
    );
    if (!found) {
      const allow = [
        ...methods,
        ...(methods.includes("GET") ? ["HEAD"] : []),
        "OPTIONS",
      ].join(
        ", ",
      );
      throw new Problem("METHOD_NOT_ALLOWED", `This route takes ${allow}`, {}, {
        allow,
      });
    }

    const { endpoint, handle } = found.route;
    const read = () => readBytes(request, endpoint.maxBodyBytes);
    // A signature is over the body, which is read only where one is claimed; everybody else is asked who it is before.
    const isForProvider = endpoint.for.includes("provider");
    if (isForProvider) refuseUnsigned(request.headers);
    const signed = isForProvider ? await read() : null;
    const caller = await authenticate(
      request,
      endpoint.for,
      frame.auth,
      signed,
    );
    note["caller"] = caller.kind;
    if (caller.kind === "user") note["user_id"] = caller.userId;
    const body = endpoint.method === "GET"
      ? {}
      : parseBody(signed ?? await read(), request.headers);
    const checked: Checked<unknown, unknown> = {
      caller,
      get userId() {
        if (caller.kind !== "user") {
          throw new Error("This route is not for users alone");
        }
        return caller.userId;
      },
      body: parse(endpoint.body ?? z.strictObject({}), body),
      query: parse(
        endpoint.query ?? z.strictObject({}),
        readQuery(url.searchParams),
      ),
      path: Object.fromEntries(
        Object.entries(found.path).map(([key, value]) => [key, value ?? ""]),
      ),
      idempotencyKey: endpoint.method === "GET" ? null : readIdempotencyKey(
        request.headers,
        signed ? "webhook-id" : "idempotency-key",
      ),
      headers: request.headers,
      signal: request.signal,
      requestId,
    };
    const reply = await handle(checked);
    if (reply.stream !== undefined) {
      // Nobody will read it.
      if (isHead && reply.stream instanceof ReadableStream) {
        await reply.stream.cancel();
      }
      return new Response(isHead ? null : reply.stream, {
        status: reply.status ?? 200,
        headers: reply.headers ?? {},
      });
    }
    const json = reply.json ??
      (reply.body === undefined ? null : JSON.stringify(reply.body));
    return new Response(isHead ? null : json, {
      status: reply.status ?? 200,
      headers: {
        ...(json === null ? {} : { "content-type": "application/json" }),
        ...reply.headers,
      },
    });
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => ({
    field: issue.path.join("."),
    message: issue.message,
  }));
  const detail = fields.map(({ field, message }) => field ? `${field}: ${message}` : message).join(
    "; ",
  );
  throw new Problem("INVALID_REQUEST", detail, { fields });
}

/** The parameters of a query, each of which stands once. */
function readQuery(parameters: URLSearchParams): Record<string, string> {
  const query = new Map<string, string>();
  for (const [field, value] of parameters) {
    if (query.has(field)) {
      const message = "Stands twice in the query";
      throw new Problem("INVALID_REQUEST", `${field}: ${message}`, {
        fields: [{ field, message }],
      });
    }
    query.set(field, value);
  }
  return Object.fromEntries(query);
}
