/**
 * The frame around every function: route, caller, body, handler, problem, CORS, log. A function is a list of routes.
 */

import { z } from "zod";
import { type Audience, authenticate, type AuthOptions, type Caller } from "./auth.ts";
import { readBody } from "./body.ts";
import { allowCrossOrigin, preflightResponse } from "./cors.ts";
import { readIdempotencyKey } from "./idempotency.ts";
import { describe, type Level, type Log } from "./log.ts";
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
  requestId: string;
}

/** What a handler answers; `body` is sent as JSON. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

export interface Route<Body, Query> {
  method: "GET" | "POST" | "PUT";
  /** Below the function's name, in the syntax of `URLPattern`; "" is the function itself. */
  path: string;
  for: readonly Audience[];
  body?: z.ZodType<Body>;
  query?: z.ZodType<Query>;
  handle(request: Checked<Body, Query>): Promise<Reply>;
}

// deno-lint-ignore no-explicit-any -- a list holds routes of many bodies; `route` has checked each.
type AnyRoute = Route<any, any>;

/** Ties a route's handler to its own schemas. */
export function route<Body, Query>(definition: Route<Body, Query>): AnyRoute {
  return definition;
}

export interface Frame {
  auth: AuthOptions;
  log: Log;
}

/** The `fetch` of the function `name`. It never throws: what a handler throws becomes a problem. */
export function serve(
  name: string,
  routes: AnyRoute[],
  frame: Frame,
): (request: Request) => Promise<Response> {
  const patterns = routes.map((route) => ({
    route,
    // Deployed, the path begins with the function's name; behind some gateways, with /functions/v1 before it.
    pattern: new URLPattern({ pathname: `{/functions/v1}?/${name}${route.path}` }),
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
      if (response.status >= 500) level = "error";
    }
    allowCrossOrigin(response.headers);
    response.headers.set("x-request-id", requestId);
    if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
    frame.log(level, "request", {
      request_id: requestId,
      function: name,
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
      const match = pattern.exec({ pathname: url.pathname.replace(/(?<=.)\/+$/, "") });
      return match ? [{ route, path: match.pathname.groups }] : [];
    });
    if (here.length === 0) {
      throw new Problem("NOT_FOUND", "There is no such route; docs/http-api.md lists them");
    }
    const methods = here.map(({ route }) => route.method);
    if (request.method === "OPTIONS") return preflightResponse(methods);
    const isHead = request.method === "HEAD";
    const found = here.find(({ route }) => route.method === (isHead ? "GET" : request.method));
    if (!found) {
      const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(
        ", ",
      );
      throw new Problem("METHOD_NOT_ALLOWED", `This route takes ${allow}`, {}, { allow });
    }

    const { route } = found;
    const caller = await authenticate(request, route.for, frame.auth);
    note["caller"] = caller.kind;
    if (caller.kind === "user") note["user_id"] = caller.userId;
    const body = route.method === "GET" ? {} : await readBody(request);
    const checked: Checked<unknown, unknown> = {
      caller,
      get userId() {
        if (caller.kind !== "user") throw new Error("This route is not for users alone");
        return caller.userId;
      },
      body: parse(route.body ?? z.strictObject({}), body),
      query: parse(route.query ?? z.strictObject({}), Object.fromEntries(url.searchParams)),
      path: Object.fromEntries(
        Object.entries(found.path).map(([key, value]) => [key, value ?? ""]),
      ),
      idempotencyKey: route.method === "GET" ? null : readIdempotencyKey(request.headers),
      headers: request.headers,
      requestId,
    };
    const reply = await route.handle(checked);
    return new Response(isHead ? null : JSON.stringify(reply.body), {
      status: reply.status ?? 200,
      headers: { "content-type": "application/json", ...reply.headers },
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
