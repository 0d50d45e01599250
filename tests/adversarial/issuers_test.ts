/** Tokens that are accepted beside those of Supabase Auth's own key: after a rotation, and of third-party issuers. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { functionsEnvironment } from "../../scripts/stack/functions_environment.ts";
import { publicKeySet } from "../../scripts/stack/keys.ts";
import { ProcessLog } from "../../scripts/stack/process_log.ts";
import { Workers } from "../../scripts/stack/workers.ts";
import { connect, stack } from "../support/stack.ts";
import { claimsOf, newKey, publicHalf, secrets, sign } from "../support/tokens.ts";
import { assertProblem } from "./problem.ts";
import { goodMessage, needsCredentials, newVictim, routesOf } from "./routes.ts";
import { send } from "./send.ts";

const rotated = await newKey();
const partnersKey = await newKey();
const partner = "https://login.partner.example/";
const theirs = { iss: partner, aud: "edge-credits" };

/** A worker beside the stack's own, on the same database, that trusts more keys; where it listens. */
async function startWorker(workerEnv: Record<string, string>) {
  const output = new ProcessLog(await Deno.makeTempFile({ prefix: "edge-credits-issuers-" }));
  const env = {
    ...await functionsEnvironment({
      url: stack.url,
      databaseUrl: stack.databaseUrl,
      imageServerUrl: "http://127.0.0.1:9", // nobody is there: a submission fails and is refunded
      secrets,
    }),
    ...workerEnv,
  };
  const workers = await Workers.start({ count: 1, env, output, log() {}, onChange() {} });
  return {
    base: workers.origins()[0] ?? "",
    async [Symbol.asyncDispose]() {
      await workers.stop();
      output.close();
      await Deno.remove(output.path);
    },
  };
}

const keys = [
  ...publicKeySet(secrets).keys,
  publicHalf(rotated),
  publicHalf(partnersKey),
];
const trusting = {
  SUPABASE_JWKS: JSON.stringify({ keys }),
  AUTH_ISSUERS: ` ${partner} , https://other.example/`,
  AUTH_AUDIENCES: "edge-credits,other",
};

/** Opens an account, as an app does for a user of its own issuer. */
async function openAccount(): Promise<string> {
  const sql = connect({ max: 1 });
  const id = crypto.randomUUID();
  await sql`select open_account(${id})`;
  await sql`select grant_credits(${id}, 10, 'test')`;
  await sql.end();
  return id;
}

Deno.test("tokens of two keys of one JWKS are accepted on every route of users", async () => {
  await using worker = await startWorker(trusting);
  for (const key of [secrets.signingKey, rotated]) {
    for (const { endpoint } of routesOf(await newVictim()).filter((r) => r.for.includes("user"))) {
      const victim = await newVictim();
      const token = await sign(claimsOf(victim.id), { key });
      const route = routesOf(victim).find((one) => one.endpoint === endpoint)!;
      const message = goodMessage(route, { authorization: `Bearer ${token}` });
      const answer = await send(route.method, route.path, { ...message, base: worker.base });
      ok(answer.status < 300, `${endpoint.id}: ${answer.text}`);
    }
  }
});

Deno.test("tokens of a third-party issuer that AUTH_ISSUERS and AUTH_AUDIENCES name are accepted", async () => {
  await using worker = await startWorker(trusting);
  const id = await openAccount();
  for (const aud of ["edge-credits", ["another", "edge-credits"], "authenticated"]) {
    const token = await sign(claimsOf(id, { ...theirs, aud }), { key: partnersKey });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await send("GET", "/account", { headers, base: worker.base });
    strictEqual(answer.status, 200, answer.text);
    strictEqual(JSON.parse(answer.text).version, 2);
  }
});

Deno.test("a subject in capitals is the same account", async () => {
  await using worker = await startWorker(trusting);
  const id = await openAccount();
  const balances = await Promise.all([id, id.toUpperCase()].map(async (sub) => {
    const token = await sign(claimsOf(sub, theirs), { key: partnersKey });
    const headers = { authorization: `Bearer ${token}` };
    return JSON.parse((await send("GET", "/account", { headers, base: worker.base })).text);
  }));
  deepStrictEqual(balances[0], balances[1]);
});

Deno.test("a user of a third-party issuer has no account before it is opened", async () => {
  await using worker = await startWorker(trusting);
  const token = await sign(claimsOf(crypto.randomUUID(), theirs), { key: partnersKey });
  const headers = { authorization: `Bearer ${token}` };
  const answer = await send("GET", "/account", { headers, base: worker.base });
  assertProblem(answer, 404, "PROFILE_NOT_FOUND", "GET /account");
});

Deno.test("a third-party token that names another issuer or audience is refused", async () => {
  await using worker = await startWorker(trusting);
  const id = await openAccount();
  const others = [
    { iss: "https://login.partner.example" },
    { iss: "https://elsewhere.example/" },
    { aud: "somebody-else" },
    { exp: 1 },
  ];
  for (const other of others) {
    const token = await sign(claimsOf(id, { ...theirs, ...other }), { key: partnersKey });
    for (const route of routesOf(await newVictim()).filter((r) => r.for.includes("user"))) {
      const message = goodMessage(route, { authorization: `Bearer ${token}` });
      const answer = await send(route.method, route.path, { ...message, base: worker.base });
      assertProblem(answer, 401, "INVALID_JWT", `${route.method} ${route.path}`);
    }
  }
});

Deno.test("a third-party issuer is refused where AUTH_ISSUERS does not name it, though its key is known", async () => {
  await using worker = await startWorker({ SUPABASE_JWKS: trusting.SUPABASE_JWKS });
  const id = await openAccount();
  for (const claims of [theirs, { ...theirs, aud: "authenticated" }]) {
    const token = await sign(claimsOf(id, claims), { key: partnersKey });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await send("GET", "/account", { headers, base: worker.base });
    assertProblem(answer, 401, "INVALID_JWT", "GET /account");
  }
});

Deno.test("a key that has left the JWKS is refused", async () => {
  await using worker = await startWorker({
    SUPABASE_JWKS: JSON.stringify({ keys: [publicHalf(rotated)] }),
  });
  const victim = await newVictim();
  for (
    const route of routesOf(victim).filter(needsCredentials).filter((r) => r.for.includes("user"))
  ) {
    const message = goodMessage(route, { authorization: `Bearer ${victim.token}` });
    const answer = await send(route.method, route.path, { ...message, base: worker.base });
    assertProblem(answer, 401, "INVALID_JWT", `${route.method} ${route.path}`);
  }
});
