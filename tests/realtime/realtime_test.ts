/**
 * What an unmodified supabase-js client receives by Supabase Realtime, from the stand-in of the stack. Where nothing must
 * arrive, something that must is sent after it: what arrives first tells.
 */

import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import type postgres from "postgres";
import { appClient, connect, stack } from "../support/stack.ts";
import { claimsOf, newKey, sign } from "../support/tokens.ts";
import { clientWith, Listener, signIn } from "./listener.ts";

const sql = connect();
addEventListener("unload", () => void sql.end());

/** A test; timers and sockets of supabase-js outlive their client for some seconds, and are not counted. */
function test(name: string, run: () => Promise<void>): void {
  Deno.test({ name, fn: run, sanitizeOps: false, sanitizeResources: false });
}

const grant = (user: string, amount: number, connection: postgres.ISql = sql) =>
  connection`select grant_credits(${user}, ${amount}, 'test') as answer`;
const publish = (topic: string, subject: string, status: string) =>
  sql`select publish_notification(${topic}, 'order', ${subject}, ${status}) as answer`;
const newSubject = () => `order-${crypto.randomUUID()}`;

test("a user receives each event of the own account, in order, with the balance after it", async () => {
  const { client, id } = await signIn();
  await using listener = await Listener.join(client, `account:${id}`);
  for (const amount of [1, 2, 3]) await grant(id, amount);
  const opened = 10;
  for (const [version, balance] of [[2, opened + 1], [3, opened + 3], [4, opened + 6]] as const) {
    const { event, payload } = await listener.next();
    strictEqual(event, "account");
    strictEqual(payload.user_id, id);
    deepStrictEqual([payload.version, payload.balance, payload.type], [
      version,
      balance,
      "credit.granted",
    ]);
  }
});

test("every listener of a topic receives each notification that is no duplicate", async () => {
  const [one, two] = [await signIn(), await signIn()];
  await using first = await Listener.join(one.client, "topic:orders");
  await using second = await Listener.join(two.client, "topic:orders");
  const subject = newSubject();
  await publish("orders", subject, "placed");
  await publish("orders", subject, "placed");
  await publish("orders", subject, "paid");
  for (const listener of [first, second]) {
    for (const status of ["placed", "paid"]) {
      const { event, payload } = await listener.next();
      strictEqual(event, "notification");
      deepStrictEqual([payload.topic, payload.subject, payload.status], [
        "orders",
        subject,
        status,
      ]);
    }
  }
});

test("a client that speaks the older notation receives the same", async () => {
  const signedIn = await signIn();
  const { data } = await signedIn.client.auth.getSession();
  const token = data.session?.access_token ?? "";
  const client = await clientWith(() => Promise.resolve(token), { vsn: "1.0.0" });
  await using listener = await Listener.join(client, `account:${signedIn.id}`);
  await grant(signedIn.id, 1);
  strictEqual((await listener.next()).payload.version, 2);
});

test("two channels of one connection receive their own", async () => {
  const { client, id } = await signIn();
  await using account = await Listener.join(client, `account:${id}`);
  await using orders = await Listener.join(client, "topic:orders");
  const subject = newSubject();
  await publish("orders", subject, "placed");
  await grant(id, 1);
  strictEqual((await account.next()).payload.version, 2);
  strictEqual((await orders.next()).payload.subject, subject);
});

test("nobody joins what the policies do not let them receive", async () => {
  const [user, other] = [await signIn(), await signIn()];
  const name = `own-${crypto.randomUUID()}`;
  await sql`insert into topics (name, audience, owner_id) values (${name}, 'owner', ${other.id})`;
  try {
    const unauthorized = /^Error: Unauthorized: You do not have permissions to read/;
    for (const channel of [`account:${other.id}`, `topic:${name}`, "topic:no-such", "room-1"]) {
      await rejects(Listener.join(user.client, channel), unauthorized, channel);
    }
    await rejects(Listener.join(appClient(), `account:${user.id}`), unauthorized, "signed out");
    await rejects(Listener.join(appClient(), "topic:orders"), unauthorized, "signed out");
    await using _ = await Listener.join(other.client, `topic:${name}`);
  } finally {
    await sql`delete from topics where name = ${name}`;
  }
});

test("a topic for a role is joined with the claim, and not without it", async () => {
  const { id } = await signIn();
  const name = `staff-${crypto.randomUUID()}`;
  await sql`insert into topics (name, audience, role) values (${name}, 'role', 'kitchen')`;
  const join = async (claims: Record<string, unknown>) =>
    await Listener.join(await clientWith(() => sign(claimsOf(id, claims))), `topic:${name}`);
  try {
    await using listener = await join({ app_metadata: { role: "kitchen" } });
    await publish(name, "order-1", "placed");
    strictEqual((await listener.next()).payload.id, 1);
    await rejects(join({}), /Unauthorized/);
  } finally {
    await sql`delete from topic_notifications where topic = ${name}`;
    await sql`delete from topics where name = ${name}`;
  }
});

test("a token that is forged, expired or none is refused", async () => {
  const { id } = await signIn();
  const past = Math.floor(Date.now() / 1000) - 60;
  const tokens = [
    await sign(claimsOf(id), { key: await newKey() }),
    await sign(claimsOf(id, { exp: past })),
    "no.token.atall",
  ];
  for (const token of tokens) {
    const client = await clientWith(() => Promise.resolve(token));
    await rejects(Listener.join(client, `account:${id}`), /InvalidJWTToken/, token);
  }
});

test("without an API key there is no connection", async () => {
  const address = `${stack.url}/realtime/v1/websocket`;
  for (const query of ["", "?apikey=wrong", "?vsn=2.0.0"]) {
    const response = await fetch(address + query);
    await response.body?.cancel();
    strictEqual(response.status, 401, query);
  }
});

test("what the stand-in does not offer is refused by name", async () => {
  const { client, id } = await signIn();
  const join = Listener.join(client, `account:${id}`, { isPrivate: false });
  await rejects(join, /PrivateOnly: This project only allows private channels/);
  const channel = client.channel(`account:${id}`, {
    config: { private: true, presence: { enabled: true } },
  });
  const refused = await new Promise<Error | undefined>((resolve) =>
    channel.subscribe((_status, error) => resolve(error))
  );
  match(String(refused), /offers Broadcast only/);
  await client.removeAllChannels();
});

test("a rollback sends nothing", async () => {
  const { client, id } = await signIn();
  await using listener = await Listener.join(client, `account:${id}`);
  const undone = new Error("The app's own work failed");
  await rejects(
    sql.begin(async (sql) => {
      await grant(id, 100, sql);
      throw undone;
    }),
    undone,
  );
  await grant(id, 1);
  const { payload } = await listener.next();
  deepStrictEqual([payload.version, payload.balance], [2, 11]);
});

test("the setting turns it off, and on again", async () => {
  const { client, id } = await signIn();
  await using listener = await Listener.join(client, `account:${id}`);
  await sql`update private.settings set realtime = false`;
  try {
    await grant(id, 1);
  } finally {
    await sql`update private.settings set realtime = true`;
  }
  await grant(id, 1);
  strictEqual((await listener.next()).payload.version, 3);
});

test("where realtime.send raises, nothing else is touched", async () => {
  const { client, id } = await signIn();
  await using listener = await Listener.join(client, `account:${id}`);
  const [row] = await sql`
    select pg_get_functiondef('realtime.send(jsonb,text,text,boolean)'::regprocedure) as definition`;
  await sql`
    create or replace function realtime.send(
      payload jsonb, event text, topic text, private boolean default true
    )
    returns void language plpgsql as $$ begin raise exception 'Realtime is away'; end; $$`;
  try {
    const [granted] = await grant(id, 1);
    strictEqual(granted?.["answer"].credits, 11);
    const [published] = await publish("orders", newSubject(), "placed");
    strictEqual(published?.["answer"].published, true);
  } finally {
    await sql.unsafe(row?.["definition"]);
  }
  await grant(id, 1);
  strictEqual((await listener.next()).payload.version, 3);
});

test("a lock on the table of Realtime's holds no writer up for as long as it lasts", async () => {
  const { id } = await signIn();
  const holder = await sql.reserve();
  const writer = await sql.reserve();
  try {
    await holder`begin`;
    await holder`lock table realtime.messages in access exclusive mode`;
    // Bounds the test where the writer would wait for ever, as a sign-up whose role has no limit of its own.
    await writer`set statement_timeout = '20s'`;
    await writer`insert into profiles (id) values (${crypto.randomUUID()})`;
    const [granted] = await grant(id, 1, writer);
    strictEqual(granted?.["answer"].credits, 11);
  } finally {
    await holder`rollback`;
    await writer`reset statement_timeout`;
    holder.release();
    writer.release();
  }
});

test("a channel that was left receives nothing more", async () => {
  const [user, other] = [await signIn(), await signIn()];
  await using left = await Listener.join(user.client, "topic:orders");
  await using stays = await Listener.join(other.client, "topic:orders");
  await left.leave();
  const subject = newSubject();
  await publish("orders", subject, "placed");
  strictEqual((await stays.next()).payload.subject, subject);
  // Sent to both in the same turn, on connections of one server: an answer on this one comes behind it.
  await using _ = await Listener.join(user.client, `account:${user.id}`);
  strictEqual(left.waiting, 0);
});

test("what was stored while nobody listened does not come later", async () => {
  const { client, id } = await signIn();
  await grant(id, 1);
  await using listener = await Listener.join(client, `account:${id}`);
  await grant(id, 1);
  strictEqual((await listener.next()).payload.version, 3);
});

test("what was handed out is not kept", async () => {
  const { client, id } = await signIn();
  await using listener = await Listener.join(client, `account:${id}`);
  await grant(id, 1);
  await listener.next();
  deepStrictEqual(
    [...await sql`select from realtime.messages where topic = ${`account:${id}`}`],
    [],
  );
});

test("a token is refreshed, and ends a channel that it may not receive", async () => {
  const [user, other] = [await signIn(), await signIn()];
  let token = await sign(claimsOf(user.id));
  const client = await clientWith(() => Promise.resolve(token));
  await using listener = await Listener.join(client, `account:${user.id}`);
  token = await sign(claimsOf(user.id, { session_id: crypto.randomUUID() }));
  await client.realtime.setAuth();
  await grant(user.id, 1);
  strictEqual((await listener.next()).payload.version, 2);
  token = await sign(claimsOf(other.id));
  await client.realtime.setAuth();
  await listener.closed();
  match(listener.said.join(), /Unauthorized/);
});

test("a channel ends with its token", async () => {
  const { id } = await signIn();
  const exp = Math.floor(Date.now() / 1000) + 3;
  const token = await sign(claimsOf(id, { exp }));
  const client = await clientWith(() => Promise.resolve(token));
  await using listener = await Listener.join(client, `account:${id}`);
  await listener.closed();
  match(listener.said.join(), /Token has expired/);
});

test("a heartbeat is answered", async () => {
  const { client, id } = await signIn();
  await using _ = await Listener.join(client, `account:${id}`);
  const answered = new Promise<void>((resolve) => {
    client.realtime.onHeartbeat((status) => {
      if (status === "ok") resolve();
    });
  });
  await client.realtime.sendHeartbeat();
  await answered;
});
