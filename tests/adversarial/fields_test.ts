/** Fields of a wrong type or out of their range: the problem names each. */

import { ok, strictEqual } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { operate } from "../support/http.ts";
import { stack } from "../support/stack.ts";
import { assertProblem } from "./problem.ts";
import { nameOf, newVictim, routesOf, withBody } from "./routes.ts";
import { send } from "./send.ts";

const victim = await newVictim();
const routes = routesOf(victim);

const noString = [null, 5, true, {}, ["draft"]];
const noUuid = [
  ...noString,
  "",
  "x",
  `${victim.reservation} `,
  `${victim.reservation}\n`,
  `{${victim.reservation}}`,
  victim.reservation.replaceAll("-", ""),
  `${victim.reservation}' or '1'='1`,
];
const noType = [
  ...noString,
  "",
  "Draft",
  "draft\n",
  " draft",
  "-draft",
  "a".repeat(64),
  "dräft",
  "a;b",
];
const noReason = [...noString, "", "   ", "a".repeat(201), "\r\n"];
const noInteger = [null, "5", "", true, {}, [5], 1.5, 1e10, -1e10];

/** What each field must not be, by the id of its endpoint; undefined: left out. */
const wrong: Record<string, Record<string, unknown[]>> = {
  checkAndDeductCredit: { type: noType },
  refundCredit: { generation_id: noUuid, reason: noReason },
  submitGeneration: {
    type: noType,
    generation_id: noUuid,
    input: [undefined, null, 5, "a fox", [], ["a fox"]],
    "input.prompt": [undefined, ...noString, "", "a".repeat(32_001)],
  },
  grantCredits: {
    user_id: [undefined, ...noUuid],
    amount: [undefined, ...noInteger, 0, -0],
    reason: [undefined, ...noReason],
  },
  settleGeneration: {
    generation_id: [undefined, ...noUuid],
    outcome: [undefined, ...noString, "", "refunded", "Completed", "completed "],
  },
  sweep: { limit: [...noInteger, 0, -1, 10_001] },
  setPreferences: {
    muted: [null, 0, "true", {}, [true]],
    min_interval_seconds: [...noInteger, -1, 86_401],
  },
  issueTicket: {},
  publishNotification: {
    topic: [undefined, ...noString, "", "Orders", "orders\n", "a b", "a".repeat(64)],
    kind: [undefined, ...noString, "", "a".repeat(201)],
    subject: [undefined, ...noString, "", "a".repeat(201)],
    status: [undefined, ...noString, "", "a".repeat(201)],
    payload: [null, 5, "a", true, ["a"]],
  },
};

/** The body with one field, or one member of it, set or left out. */
function spoil(body: Record<string, unknown>, path: string, value: unknown) {
  const [field = "", member] = path.split(".");
  if (member === undefined) return { ...body, [field]: value };
  return { ...body, [field]: { ...body[field] as Record<string, unknown>, [member]: value } };
}

Deno.test("the fields of every body are tried", () => {
  for (const { endpoint, body } of routes) strictEqual(!!body, endpoint.id in wrong, endpoint.id);
});

for (const route of routes) {
  for (const [path, values] of Object.entries(wrong[route.endpoint.id] ?? {})) {
    Deno.test(`${route.endpoint.id} refuses a wrong ${path}, and names it`, async () => {
      await unchanged(async () => {
        for (const value of values) {
          const body = JSON.stringify(spoil(route.body ?? {}, path, value));
          const answer = await send(route.method, route.path, withBody(route, body));
          const told = `${nameOf(route)} ${JSON.stringify(value)?.slice(0, 80)}`;
          const problem = assertProblem(answer, 400, "INVALID_REQUEST", told);
          const fields = problem["fields"] as { field: string; message: string }[];
          ok(fields.some(({ field }) => field === path), `${told}: ${answer.text}`);
          ok(fields.every(({ message }) => message.length > 0), told);
        }
      });
    });
  }
}

const pairs: [string, unknown][] = [
  ["a cost beside the outcome failed", { outcome: "failed", cost: 1 }],
  ["a cost below 0", { outcome: "completed", cost: -1 }],
  ["a cost that is no integer", { outcome: "completed", cost: 0.5 }],
  ["a cost in a string", { outcome: "completed", cost: "1" }],
  ["a cost beyond an integer of Postgres", { outcome: "completed", cost: 2 ** 31 }],
  ["a cost beyond a safe integer", { outcome: "completed", cost: 2 ** 53 }],
  ["a cost above what was charged", { outcome: "completed", cost: 6 }],
];
for (const [what, body] of pairs) {
  Deno.test(`a settlement with ${what} is refused`, async () => {
    await unchanged(async () => {
      const reply = await operate("POST", "/operations/settlements", {
        generation_id: victim.reservation,
        ...body as object,
      });
      strictEqual(reply.status, 400, JSON.stringify(reply.body));
      strictEqual(reply.body.code, "INVALID_REQUEST");
    });
  });
}

Deno.test("an operator who releases a hold names it, and says why", async () => {
  await unchanged(async () => {
    for (
      const body of ["", "{}", `{"generation_id":"${victim.reservation}"}`, '{"reason":"test"}']
    ) {
      const headers = { apikey: stack.secretKey, "content-type": "application/json" };
      const answer = await send("POST", "/refund-credit", { headers, body });
      assertProblem(answer, 400, "INVALID_REQUEST", `POST /refund-credit ${body}`);
    }
  });
});

Deno.test("a type that is not in the price list is refused, whatever it would be elsewhere", async () => {
  await unchanged(async () => {
    for (const type of ["nothing", "constructor", "null", "a".repeat(63)]) {
      const authorization = `Bearer ${victim.token}`;
      const headers = { authorization, "content-type": "application/json" };
      const bodies = {
        "/check-and-deduct-credit": { type },
        "/submit-generation": { type, input: { prompt: "x" } },
      };
      for (const [path, body] of Object.entries(bodies)) {
        const answer = await send("POST", path, { headers, body: JSON.stringify(body) });
        assertProblem(answer, 404, "UNKNOWN_TYPE", `POST ${path}`);
      }
    }
  });
});
