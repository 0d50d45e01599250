/** Somebody else's things: they look as if they were not there. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { operate, settled } from "../support/http.ts";
import { assertProblem } from "./problem.ts";
import { newVictim, type Victim } from "./routes.ts";
import { send } from "./send.ts";

const victim = await newVictim();
const attacker = await newVictim();

/** A generation of the victim in each state, by the state. */
async function generationsOf(victim: Victim): Promise<Record<string, string>> {
  const submit = async (prompt: string) => {
    const { body } = await victim.post("/submit-generation", { type: "draft", input: { prompt } });
    await settled(victim, body.generation_id);
    return body.generation_id;
  };
  const released = await victim.post("/check-and-deduct-credit", { type: "draft" });
  await victim.post("/refund-credit", { generation_id: released.body.generation_id });
  return {
    reserved: victim.reservation,
    completed: await submit("a fox"),
    failed: await submit("[fail]"),
    released: released.body.generation_id,
  };
}

/** Every way to name a generation by its id. */
const attempts: Record<string, (id: string) => [string, string, unknown?]> = {
  "read": (id) => ["GET", `/account/generations/${id}`],
  "released": (id) => ["POST", "/refund-credit", { generation_id: id }],
  "submitted": (
    id,
  ) => ["POST", "/submit-generation", { generation_id: id, input: { prompt: "x" } }],
  "submitted with its type": (
    id,
  ) => ["POST", "/submit-generation", { generation_id: id, type: "draft", input: { prompt: "x" } }],
};

const theirs = await generationsOf(victim);
for (const [what, attempt] of Object.entries(attempts)) {
  Deno.test(`somebody else's generation cannot be ${what}, and looks as one that never was`, async () => {
    await unchanged(async () => {
      const ask = async (id: string) => {
        const [method, path, body] = attempt(id);
        const answer = await send(method, path, {
          headers: {
            authorization: `Bearer ${attacker.token}`,
            "content-type": "application/json",
          },
          body: body === undefined ? null : JSON.stringify(body),
        });
        const problem = assertProblem(answer, 404, "GENERATION_NOT_FOUND", `${method} ${path}`);
        const { request_id: _, ...rest } = problem;
        const headers = [...answer.headers.keys()];
        return { rest, headers };
      };
      const nobodys = await ask(crypto.randomUUID());
      for (const id of Object.values(theirs)) {
        deepStrictEqual(await ask(id), nobodys);
        deepStrictEqual(await ask(id.toUpperCase()), nobodys);
      }
    });
  });
}

Deno.test("an answer about somebody else's generation tells the caller's own balance", async () => {
  const path = `/account/generations/${theirs["completed"]}`;
  const headers = { authorization: `Bearer ${attacker.token}` };
  const problem = JSON.parse((await send("GET", path, { headers })).text);
  if ("credits" in problem) strictEqual(problem.credits, await attacker.credits());
});

Deno.test("a release without an id never meets somebody else's reservation", async () => {
  const poor = await newVictim();
  strictEqual((await poor.post("/refund-credit")).body.generation_id, poor.reservation);
  await unchanged(async () => {
    const reply = await poor.post("/refund-credit");
    strictEqual(reply.body.code, "NOTHING_TO_REFUND");
  });
});

Deno.test("a submission without an id never claims somebody else's reservation", async () => {
  const { body } = await attacker.post("/submit-generation", {
    type: "poster",
    input: { prompt: "x" },
  });
  strictEqual(body.generation_id, attacker.reservation);
  await settled(attacker, body.generation_id);
  const { body: mine } = await victim.get(`/account/generations/${victim.reservation}`);
  strictEqual(mine.status, "reserved");
});

Deno.test("the lists of one user hold nothing of another", async () => {
  const stranger = await newVictim();
  const { body } = await stranger.get("/account/generations?limit=100");
  deepStrictEqual(body.generations.map((one: { generation_id: string }) => one.generation_id), [
    stranger.reservation,
  ]);
  const history = await stranger.get("/account/history?limit=100");
  const ids = history.body.events.map((one: { generation_id: string | null }) => one.generation_id);
  ok(ids.every((id: string | null) => id === null || id === stranger.reservation));
});

Deno.test("nobody says for whom a request is but the token", async () => {
  await unchanged(async () => {
    for (const name of ["user_id", "p_user_id", "userId", "sub"]) {
      const message = {
        headers: {
          authorization: `Bearer ${attacker.token}`,
          "content-type": "application/json",
          "x-user-id": victim.id,
        },
        body: JSON.stringify({ type: "draft", [name]: victim.id }),
      };
      const answer = await send("POST", "/check-and-deduct-credit", message);
      assertProblem(answer, 400, "INVALID_REQUEST", `POST /check-and-deduct-credit ${name}`);
      const query = await send("GET", `/account?${name}=${victim.id}`, {
        headers: { authorization: `Bearer ${attacker.token}` },
      });
      assertProblem(query, 400, "INVALID_REQUEST", `GET /account ${name}`);
    }
  });
});

Deno.test("a grant to nobody, and a settlement of nothing, are refused", async () => {
  await unchanged(async () => {
    const nobody = crypto.randomUUID();
    const grant = await operate("POST", "/operations/grants", {
      user_id: nobody,
      amount: 1,
      reason: "test",
    });
    strictEqual(grant.body.code, "PROFILE_NOT_FOUND");
    const settlement = { generation_id: nobody, outcome: "failed" };
    const reply = await operate("POST", "/operations/settlements", settlement);
    strictEqual(reply.body.code, "GENERATION_NOT_FOUND");
  });
});
