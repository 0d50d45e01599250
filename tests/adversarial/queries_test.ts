/** Query strings: each parameter once, known, and in its range. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { assertProblem } from "./problem.ts";
import { goodMessage, nameOf, newVictim, routesOf } from "./routes.ts";
import { send } from "./send.ts";

const victim = await newVictim();
const routes = routesOf(victim);
const pages = routes.filter(({ endpoint }) => endpoint.query && endpoint.id !== "listen");
const HUGE = "9".repeat(400);

const unknown = [
  "x=1",
  "x",
  "limits=1",
  "Limit=1",
  "limit%5B%5D=1",
  "__proto__=1",
  "constructor=1",
  "%00=1",
  "select=*",
];
for (const query of unknown) {
  Deno.test(`?${query} is refused by every route: nobody knows the parameter`, async () => {
    await unchanged(async () => {
      for (const route of routes) {
        const answer = await send(route.method, `${route.path}?${query}`, goodMessage(route));
        assertProblem(answer, 400, "INVALID_REQUEST", nameOf(route));
      }
    });
  });
}

Deno.test("no route but the lists knows limit and before", async () => {
  await unchanged(async () => {
    for (const route of routes.filter((route) => !pages.includes(route))) {
      for (const query of ["limit=1", "before=1"]) {
        const answer = await send(route.method, `${route.path}?${query}`, goodMessage(route));
        assertProblem(answer, 400, "INVALID_REQUEST", nameOf(route));
      }
    }
  });
});

const integers = [
  "",
  " ",
  "abc",
  "1.5",
  "1e1",
  "0x10",
  "+5",
  "5 ",
  "٥",
  "NaN",
  "Infinity",
  "true",
  "null",
  "[5]",
  "1,2",
  HUGE,
  "1'--",
];
const wrong: Record<string, string[]> = {
  limit: [...integers, "0", "-1", "101", "-0"],
  before: [...integers, "9007199254740992"],
};
for (const [name, values] of Object.entries(wrong)) {
  Deno.test(`${name} is refused by every list where it is no integer in its range`, async () => {
    await unchanged(async () => {
      for (const route of pages) {
        for (const value of values) {
          const path = `${route.path}?${new URLSearchParams({ [name]: value })}`;
          const answer = await send(route.method, path, goodMessage(route));
          const problem = assertProblem(answer, 400, "INVALID_REQUEST", `GET ${path}`);
          const fields = problem["fields"] as { field: string }[];
          ok(fields.some(({ field }) => field === name), answer.text);
        }
      }
    });
  });
}

for (
  const query of ["limit=1&limit=2", "limit=1&limit=1", "limit=101&limit=1", "before=1&before=2"]
) {
  Deno.test(`?${query} is refused by every list: a parameter stands once`, async () => {
    await unchanged(async () => {
      for (const route of pages) {
        const path = `${route.path}?${query}`;
        const answer = await send(route.method, path, goodMessage(route));
        assertProblem(answer, 400, "INVALID_REQUEST", `GET ${path}`);
      }
    });
  });
}

for (
  const query of [
    "",
    "limit=1",
    "limit=100",
    "limit=%31",
    "before=1",
    "before=9007199254740991",
    "limit=2&before=3",
  ]
) {
  Deno.test(`?${query} is taken by every list`, async () => {
    await unchanged(async () => {
      for (const route of pages) {
        const { status, text } = await send(
          route.method,
          `${route.path}?${query}`,
          goodMessage(route),
        );
        strictEqual(status, 200, text);
      }
    });
  });
}

Deno.test("no page begins before the first event", async () => {
  for (const route of pages) {
    const { text } = await send(route.method, `${route.path}?before=1`, goodMessage(route));
    const { events, generations, next_before } = JSON.parse(text);
    deepStrictEqual([events ?? generations, next_before], [[], null]);
  }
});
