/** API keys: what they open, and above all what they don't. */

import { strictEqual } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { stack } from "../support/stack.ts";
import { claimsOf, sign } from "../support/tokens.ts";
import { assertProblem } from "./problem.ts";
import {
  forOperatorsAlone,
  forUsersAlone,
  goodMessage,
  nameOf,
  needsCredentials,
  newVictim,
  type Route,
  routesOf,
} from "./routes.ts";
import { send } from "./send.ts";

const victim = await newVictim();
const routes = routesOf(victim).filter(needsCredentials);
const { publishableKey, secretKey } = stack;
const userToken = `Bearer ${victim.token}`;

/** Each of `routes` refuses these headers with one of these codes. */
async function refuse(
  routes: Route[],
  headers: Record<string, string>,
  status: number,
  codes: string | string[],
): Promise<void> {
  await unchanged(async () => {
    for (const route of routes) {
      const answer = await send(route.method, route.path, goodMessage(route, headers));
      assertProblem(answer, status, codes, nameOf(route));
    }
  });
}

const operatorRoutes = routes.filter(forOperatorsAlone);
const userRoutes = routes.filter(forUsersAlone);
const mixedRoutes = routes.filter(({ for: audiences }) =>
  audiences.includes("user") && audiences.includes("operator")
);

Deno.test("there are routes for users, for operators and for both", () => {
  strictEqual([operatorRoutes, userRoutes, mixedRoutes].every(({ length }) => length > 0), true);
});

Deno.test("a request without credentials opens no route", async () => {
  await refuse(routes, {}, 401, "MISSING_CREDENTIALS");
});

const users: Record<string, Record<string, string>> = {
  "alone": { authorization: userToken },
  "with the publishable key": { authorization: userToken, apikey: publishableKey },
  "with a wrong secret key": { authorization: userToken, apikey: `${secretKey}x` },
  "that claims the role service_role": {
    authorization: `Bearer ${await sign(claimsOf(victim.id, { role: "service_role" }))}`,
  },
};
for (const [what, headers] of Object.entries(users)) {
  Deno.test(`a user's token ${what} opens no route of the operators`, async () => {
    await refuse(operatorRoutes, headers, 403, "FORBIDDEN");
  });
}

Deno.test("a user's token that claims the role service_role is a user's on a route for both", async () => {
  const other = await newVictim();
  const token = await sign(claimsOf(other.id, { role: "service_role" }));
  await refuse(mixedRoutes, { authorization: `Bearer ${token}` }, 404, "GENERATION_NOT_FOUND");
});

Deno.test("the publishable key is no secret key", async () => {
  await refuse(
    [...operatorRoutes, ...mixedRoutes],
    { apikey: publishableKey },
    401,
    "INVALID_API_KEY",
  );
});

for (const [what, key] of Object.entries({ "publishable": publishableKey, "secret": secretKey })) {
  Deno.test(`the ${what} key stands for no user`, async () => {
    await refuse(userRoutes, { apikey: key }, 401, "UNUSABLE_CREDENTIAL");
  });
  Deno.test(`the ${what} key as a bearer opens no route`, async () => {
    await refuse(routes, { authorization: `Bearer ${key}` }, 401, "UNUSABLE_CREDENTIAL");
  });
  Deno.test(`the ${what} key as bearer and apikey stands for no user`, async () => {
    const headers = { authorization: `Bearer ${key}`, apikey: key };
    await refuse(userRoutes, headers, 401, "UNUSABLE_CREDENTIAL");
  });
}

Deno.test("the secret key as a bearer does not lift the publishable key", async () => {
  const headers = { authorization: `Bearer ${secretKey}`, apikey: publishableKey };
  await refuse([...operatorRoutes, ...mixedRoutes], headers, 401, "INVALID_API_KEY");
});

Deno.test("a bad token is refused where a good secret key stands beside it, on a route for both", async () => {
  const headers = { authorization: "Bearer a.b.c", apikey: secretKey };
  await refuse(mixedRoutes, headers, 401, "INVALID_JWT");
});

Deno.test("a user's token wins over a secret key beside it", async () => {
  const other = await newVictim();
  const headers = { authorization: `Bearer ${other.token}`, apikey: secretKey };
  await refuse(mixedRoutes, headers, 404, "GENERATION_NOT_FOUND");
});

const wrongKeys: Record<string, string> = {
  "cut off": secretKey.slice(0, -1),
  "longer": `${secretKey}A`,
  "in small letters": secretKey.toLowerCase(),
  "with a letter changed": secretKey.slice(0, -1) + (secretKey.endsWith("A") ? "B" : "A"),
  "of the prefix alone": "sb_secret_",
  "in quotes": `"${secretKey}"`,
  "twice": `${secretKey}, ${secretKey}`,
  "after the publishable key": `${publishableKey}, ${secretKey}`,
  "that is garbage": "garbage",
  "that names a member of every object": "constructor",
};
for (const [what, apikey] of Object.entries(wrongKeys)) {
  Deno.test(`a secret key ${what} opens no route`, async () => {
    await refuse([...operatorRoutes, ...mixedRoutes], { apikey }, 401, "INVALID_API_KEY");
    await refuse(userRoutes, { apikey }, 401, "UNUSABLE_CREDENTIAL");
  });
}

Deno.test("an empty apikey is none", async () => {
  await refuse(routes, { apikey: "" }, 401, "MISSING_CREDENTIALS");
});

Deno.test("a user's token beside the publishable key, as supabase-js sends it, is the user's", async () => {
  const headers = { authorization: userToken, apikey: publishableKey };
  const { status } = await send("GET", "/account", { headers });
  strictEqual(status, 200);
});
