/** Paths: a route, or a problem. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { assertProblem } from "./problem.ts";
import { goodMessage, nameOf, newVictim, routesOf } from "./routes.ts";
import { send } from "./send.ts";

const victim = await newVictim();
const routes = routesOf(victim);
const authorization = `Bearer ${victim.token}`;

/** Each makes a path that is no route of a route's path; it stays below the function. */
const unknown: Record<string, (path: string) => string> = {
  "a part more": (path) => `${path}/x/y`,
  "a double slash inside": (path) => path.replace(/^(\/[^/]+)/, "$1/") + "/x",
  "an encoded slash": (path) => `${path}/%2Fx/y`,
  "an encoded line break": (path) => `${path}/%0d%0ax-evil:%201/y`,
  "an encoded NUL": (path) => `${path}/%00/y`,
  "a percent sign that encodes nothing": (path) => `${path}/%zz/x`,
  "bytes that are no UTF-8": (path) => `${path}/%ff/%fe`,
  "a semicolon": (path) => `${path}/;x/y`,
  "a path as a part": (path) => `${path}/..%2F..%2Fetc%2Fpasswd/y`,
  "4,000 characters more": (path) => `${path}/x/${"y".repeat(4000)}`,
  "a capital in a part": (path) => `${path}/TYPES/X`,
};
for (const [what, make] of Object.entries(unknown)) {
  Deno.test(`a path with ${what} is no route, for whatever method and caller`, async () => {
    await unchanged(async () => {
      for (const route of routes) {
        const path = make(route.path);
        for (const headers of [undefined, {}]) {
          const answer = await send(route.method, path, goodMessage(route, headers));
          assertProblem(answer, 404, "NOT_FOUND", `${route.method} ${path}`);
          strictEqual(answer.headers.get("x-evil"), null);
        }
        const options = await send("OPTIONS", path);
        assertProblem(options, 404, "NOT_FOUND", `OPTIONS ${path}`);
      }
    });
  });
}

Deno.test("a slash at the end is ignored", async () => {
  for (const { endpoint } of routes) {
    const route = routesOf(await newVictim()).find((one) => one.endpoint === endpoint)!;
    const answer = await send(route.method, `${route.path}/`, goodMessage(route));
    ok(answer.status < 300, `${nameOf(route)}/: ${answer.text}`);
  }
});

const ids: Record<string, string> = {
  "no UUID": "x",
  "a number": "1",
  "a UUID without hyphens": victim.reservation.replaceAll("-", ""),
  "a UUID in braces": `%7B${victim.reservation}%7D`,
  "a UUID with a line break": `${victim.reservation}%0a`,
  "a UUID with SQL": `${victim.reservation}'%20or%20'1'='1`,
  "a UUID in encoded quotes": `%22${victim.reservation}%22`,
  "a UUID behind an encoded slash": `x%2F${victim.reservation}`,
  "an encoded NUL": "%00",
  "a percent sign that encodes nothing": "%zz",
  "bytes that are no UTF-8": "%ff%fe",
  "a member of every object": "__proto__",
  "4,000 characters": "a".repeat(4000),
};
for (const [what, id] of Object.entries(ids)) {
  Deno.test(`${what} is no generation`, async () => {
    await unchanged(async () => {
      const path = `/account/generations/${id}`;
      const answer = await send("GET", path, { headers: { authorization } });
      assertProblem(answer, 404, "GENERATION_NOT_FOUND", `GET ${path}`);
    });
  });
}

Deno.test("an id is the same in capitals", async () => {
  const read = async (id: string) => {
    const headers = { authorization };
    const { status, text } = await send("GET", `/account/generations/${id}`, { headers });
    strictEqual(status, 200, text);
    return JSON.parse(text);
  };
  const plain = await read(victim.reservation);
  deepStrictEqual(await read(victim.reservation.toUpperCase()), plain);
});

Deno.test("a path of 60,000 characters is refused and changes nothing", async () => {
  await unchanged(async () => {
    const path = `/account/generations/${"a".repeat(60_000)}`;
    const { status } = await send("GET", path, { headers: { authorization } });
    ok(status >= 400 && status < 500, String(status));
  });
});
