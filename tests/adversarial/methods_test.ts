/** Methods: those of a route, and no others. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { assertCrossOrigin, assertProblem } from "./problem.ts";
import { goodMessage, nameOf, newVictim, routesOf } from "./routes.ts";
import { send } from "./send.ts";

const victim = await newVictim();
const routes = routesOf(victim);
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "BREW"];

const methodsOf = (path: string) =>
  routes.filter((route) => route.path === path).map(({ method }) => method);
const allowedAt = (path: string) => [
  ...methodsOf(path),
  ...(methodsOf(path).includes("GET") ? ["HEAD"] : []),
];

for (const route of routes) {
  Deno.test(`${route.endpoint.id} refuses every method but its own, and names those`, async () => {
    await unchanged(async () => {
      for (const method of METHODS) {
        if (allowedAt(route.path).includes(method)) continue;
        for (const headers of [route.credentials, {}]) {
          const answer = await send(method, route.path, { headers });
          const where = `${method} ${route.path}`;
          if (method === "HEAD") {
            strictEqual(answer.status, 405, where);
            strictEqual(answer.text, "", where);
          } else assertProblem(answer, 405, "METHOD_NOT_ALLOWED", where);
          const allow = answer.headers.get("allow")?.split(", ").sort();
          deepStrictEqual(allow, [...allowedAt(route.path), "OPTIONS"].sort(), where);
        }
      }
    });
  });

  Deno.test(`${route.endpoint.id} is not fooled by headers and parameters that name another method`, async () => {
    await unchanged(async () => {
      const allowed = allowedAt(route.path);
      const method = ["POST", "GET", "DELETE"].find((method) => !allowed.includes(method))!;
      const headers = { ...route.credentials, "x-http-method-override": route.method };
      const answer = await send(method, `${route.path}?_method=${route.method}`, { headers });
      assertProblem(answer, 405, "METHOD_NOT_ALLOWED", `${method} ${route.path}`);
    });
  });

  Deno.test(`${route.endpoint.id} answers OPTIONS to anybody, and does nothing`, async () => {
    await unchanged(async () => {
      const headers = {
        origin: "https://app.example",
        "access-control-request-method": route.method,
        "access-control-request-headers": "authorization,content-type",
      };
      for (const more of [{}, headers, { ...headers, authorization: "Bearer x" }]) {
        const answer = await send("OPTIONS", route.path, { headers: more });
        strictEqual(answer.status, 204, nameOf(route));
        strictEqual(answer.text, "");
        assertCrossOrigin(answer, nameOf(route));
        const methods = answer.headers.get("access-control-allow-methods")?.split(", ") ?? [];
        ok(methods.includes(route.method), nameOf(route));
        strictEqual(answer.headers.get("access-control-allow-credentials"), null);
        deepStrictEqual(
          answer.headers.get("access-control-allow-headers")?.split(", ").sort(),
          [
            "apikey",
            "authorization",
            "baggage",
            "content-type",
            "idempotency-key",
            "if-none-match",
            "last-event-id",
            "prefer",
            "traceparent",
            "tracestate",
            "x-client-info",
            "x-min-version",
            "x-region",
            "x-retry-count",
          ],
        );
      }
    });
  });
}

for (const route of routes.filter(({ method }) => method === "GET")) {
  Deno.test(`${route.endpoint.id} answers HEAD as GET, without the body`, async () => {
    await unchanged(async () => {
      const [get, head] = [
        await send("GET", route.path, goodMessage(route)),
        await send("HEAD", route.path, goodMessage(route)),
      ];
      strictEqual(head.status, get.status);
      strictEqual(head.text, "");
      assertCrossOrigin(head, nameOf(route));
      const shown = ({ headers }: typeof get) =>
        [...headers.keys()].filter((name) =>
          !/^(content-length|date|transfer-encoding|vary)$/.test(name)
        ).sort();
      deepStrictEqual(shown(head), shown(get), nameOf(route));
      const refused = await send("HEAD", route.path, { headers: { authorization: "Bearer x" } });
      if (route.for.includes("anybody")) return;
      strictEqual(refused.status, 401);
      strictEqual(refused.text, "");
    });
  });
}
