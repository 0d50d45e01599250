/**
 * What happens to streams when something breaks, on a stack of its own: nothing is lost, and nothing is left behind. Readers
 * are npm's `eventsource`, which comes again by itself, as scripts/bench/exact_client.ts watches it.
 */

import { ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { importJWK, type JWK, SignJWT } from "jose";
import postgres from "postgres";
import { startTemporaryStack } from "../../scripts/temporary_stack.ts";
import { ExactClient } from "../../scripts/bench/exact_client.ts";

const STREAMS = 20;

/** How long is looked for what must come. It bounds a failure, and measures nothing. */
const PATIENCE_MS = 90_000;

async function startGround(workers = 1) {
  const stack = await startTemporaryStack({ workers, sweep: false });
  const sql = postgres(stack.databaseUrl, { max: 4, onnotice: () => {} });
  const folder = join(stack.logsDir, "..");
  const { signingKey } = JSON.parse(await Deno.readTextFile(join(folder, "secrets.json"))) as {
    signingKey: JWK & { kid: string };
  };

  return {
    stack,
    sql,
    functionsUrl: `${stack.url}/functions/v1`,
    /** A user with a profile and nothing else. */
    async newUser(): Promise<string> {
      const [row] = await sql`
        insert into profiles (id, credits) values (${crypto.randomUUID()}, 1) returning id`;
      return row!["id"];
    },
    token(userId: string, seconds = 3600): Promise<string> {
      const now = Math.floor(Date.now() / 1000);
      const claims = { sub: userId, role: "authenticated", iat: now - 60, exp: now + seconds };
      return importJWK(signingKey, "ES256").then((key) =>
        new SignJWT({ ...claims, iss: `${stack.url}/auth/v1`, aud: "authenticated" })
          .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: signingKey.kid }).sign(key)
      );
    },
    async grant(userIds: string[]): Promise<void> {
      await sql`select grant_credits(id::uuid, 1, 'fault') from unnest(${userIds}::text[]) id order by id`;
    },
    async versionOf(userId: string): Promise<number> {
      const [row] = await sql`select version from profiles where id = ${userId}`;
      return Number(row!["version"]);
    },
    /** The lines of the log that say how streams have ended. */
    async endings(): Promise<{ reason: string; user_id: string }[]> {
      const text = await Deno.readTextFile(join(stack.logsDir, "functions.log"));
      return text.split("\n").filter((line) => line.includes('"A stream has ended"'))
        .map((line) => JSON.parse(line));
    },
    async [Symbol.asyncDispose]() {
      await sql.end();
      await stack[Symbol.asyncDispose]();
    },
  };
}

type Ground = Awaited<ReturnType<typeof startGround>>;

async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!(await check())) {
    if (performance.now() > until) throw new Error(`It never came that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Users with a stream each that hears its account, all of them greeted. */
async function listeners(ground: Ground, count = STREAMS) {
  const users: string[] = [];
  for (let i = 0; i < count; i++) users.push(await ground.newUser());
  const clients = users.map((id) =>
    new ExactClient({
      functionsUrl: ground.functionsUrl,
      topics: ["account", "orders"],
      token: () => ground.token(id),
    })
  );
  await Promise.all(clients.map((client) => client.until(() => client.at.size === 2, "greeted")));
  return {
    users,
    clients,
    /** Resolves when all have heard all that the database knows. */
    async upToDate(): Promise<void> {
      const [topic] = await ground.sql`select version from topics where name = 'orders'`;
      const orders = Number(topic!["version"]);
      await Promise.all(clients.map(async (client, index) => {
        await client.reaches({ account: await ground.versionOf(users[index]!), orders });
      }));
    },
    close(): void {
      for (const client of clients) client.close();
    },
  };
}

const publish = ({ sql }: Ground, subject: string, payload = {}) =>
  sql`select publish_notification('orders', 'x', ${subject}, 'x', ${sql.json(payload)})`;

Deno.test("a worker that is killed costs no event: its streams come again to another", async () => {
  await using ground = await startGround(2);
  const all = await listeners(ground);
  for (let round = 1; round <= 3; round++) {
    await ground.grant(all.users);
    const [victim] = ground.stack.functionsPids();
    Deno.kill(victim!, "SIGKILL");
    await ground.grant(all.users);
    await publish(ground, `round ${round}`);
    await all.upToDate();
    await eventually("the worker is back", () =>
      Promise.resolve(
        ground.stack.functionsPids().length === 2 &&
          !ground.stack.functionsPids().includes(victim!),
      ));
  }
  const connections = all.clients.reduce((sum, client) => sum + client.connections, 0);
  ok(connections > STREAMS, "some had to come again");
  ok(all.clients.every(({ resets }) => resets === 0), "nobody was told to begin anew");
  all.close();
});

Deno.test("a Postgres that crashes costs no event: streams stay, or come again, and go on", async () => {
  await using ground = await startGround();
  const all = await listeners(ground);
  await ground.grant(all.users);
  await all.upToDate();
  await ground.stack.postgres.stop("immediate");
  await ground.stack.postgres.start();
  await eventually(
    "the database takes writes",
    () =>
      ground.grant(all.users).then(() => true, (error) => {
        // Connections of before the crash, and a server that is still recovering.
        if (
          !/^(CONNECTION|ECONN|57P0|08)/.test((error as { code?: string }).code ?? "")
        ) throw error;
        return false;
      }),
  );
  await publish(ground, "after the crash");
  await all.upToDate();
  ok(all.clients.every(({ resets }) => resets === 0), "nobody was told to begin anew");
  all.close();
});

Deno.test("a token that ends takes its stream with it, in good order; with a new one it goes on", async () => {
  await using ground = await startGround();
  const user = await ground.newUser();
  let tokens = 0;
  const client = new ExactClient({
    functionsUrl: ground.functionsUrl,
    topics: ["account"],
    // Streams end five seconds before their token.
    token: () => ground.token(user, tokens++ === 0 ? 8 : 3600),
  });
  await client.until(() => client.at.size === 1, "greeted");
  await ground.grant([user]);
  await client.until(() => client.rotations.length === 1, "told to come again");
  await ground.grant([user]);
  await client.reaches({ account: await ground.versionOf(user) });
  strictEqual(client.rotations.join(), "token");
  strictEqual(client.resets, 0);
  strictEqual((await ground.endings())[0]?.reason, "rotated");
  client.close();
});

Deno.test("a worker that is about to be ended sends its streams away before", async () => {
  // Ten seconds are kept for that.
  await using stack = await startTemporaryStack({
    sweep: false,
    workerEnv: { WORKER_WALL_CLOCK_SECONDS: "14" },
  });
  const sql = postgres(stack.databaseUrl, { max: 1 });
  const signup = await fetch(`${stack.url}/auth/v1/signup`, {
    method: "POST",
    headers: { apikey: stack.publishableKey, "content-type": "application/json" },
    body: "{}",
  });
  const { access_token, user } = await signup.json();
  const client = new ExactClient({
    functionsUrl: `${stack.url}/functions/v1`,
    topics: ["account"],
    token: () => access_token,
  });
  await client.until(() => client.rotations.length > 0, "told to come again");
  strictEqual(client.rotations[0], "worker");
  await sql`select grant_credits(${user.id}, 1, 'fault')`;
  const [row] = await sql`select version from profiles where id = ${user.id}`;
  await client.reaches({ account: Number(row!["version"]) });
  client.close();
  await sql.end();
});

Deno.test("a reader that stops reading is cut, the others hear everything, and nothing is left of it", async () => {
  await using ground = await startGround();
  const all = await listeners(ground, 3);
  const slow = await ground.newUser();
  const { hostname, port, host } = new URL(ground.stack.url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const head = [
    "GET /functions/v1/events?topics=orders HTTP/1.1",
    `host: ${host}`,
    `authorization: Bearer ${await ground.token(slow)}`,
  ];
  await connection.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
  await connection.read(new Uint8Array(100)); // greeted; from now on it reads nothing

  const endOfSlow = async () =>
    (await ground.endings()).find(({ user_id }) => user_id === slow)?.reason;
  // More than the sockets in between take up, piece by piece, so that the others keep pace.
  const payload = { text: "x".repeat(30_000) };
  for (let n = 0; n < 1000 && !(await endOfSlow()); n++) {
    await publish(ground, `large ${n}`, payload);
    if (n % 5 === 4) await all.upToDate();
  }
  await eventually("the slow reader is cut", async () => (await endOfSlow()) === "slow");
  await all.upToDate();
  ok(all.clients.every(({ resets, connections }) => resets === 0 && connections === 1));
  all.close();
  await eventually("all streams have ended", async () => (await ground.endings()).length === 4);
  await eventually("no stream is counted", async () => {
    const headers = { apikey: ground.stack.secretKey };
    const response = await fetch(`${ground.functionsUrl}/operations/metrics`, { headers });
    const text = await response.text();
    return text.includes("\nedge_credits_streams_open 0\n") &&
      text.includes('\nedge_credits_streams_ended_total{reason="slow"} 1\n') &&
      text.includes('\nedge_credits_streams_ended_total{reason="left"} 3\n');
  });
});
