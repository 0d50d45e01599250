/**
 * Nothing of a stream is retained once it has ended, whatever ended it. That is counted, not estimated: V8 collects all that is
 * garbage, and then says how many objects of a class there are. The function is the real one, on the stand-in of a database.
 * It lives through all rounds, as in a worker, so that what it kept would be there.
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { queryObjects } from "node:v8";
import { createFeed } from "./feed_stand_in.ts";
import { events } from "./handler.ts";
import { MAX_UNREAD_BYTES } from "./outbox.ts";
import { Stream } from "./stream.ts";
import { createTickets } from "./ticket.ts";

const STREAMS = 100;
const ROUNDS = 3;
/** Itself, what its reader holds, what is waited for, what it knows of its topics, and what is unread. */
const KINDS = [Stream, ReadableStream, Promise, Map, Uint8Array];

const feed = createFeed();
const topic = feed.declare("orders");
/** Each resolves when a stream has ended, and the function has done what it does then. */
let endings: Promise<unknown>[] = [];
Object.assign(globalThis, {
  EdgeRuntime: { waitUntil: (ending: Promise<unknown>) => void endings.push(ending) },
});
/** Of all requests: whoever keeps a request's signal must not keep its stream with it. */
const signals: AbortSignal[] = [];
/** When the callers' tokens end. */
let expiresAt: Date;
const reasons = new Map<string, number>();
const answer = events({
  call: feed.call,
  log: () => {},
  count(name, { reason } = {}) {
    if (name !== "edge_credits_streams_ended") return;
    reasons.set(reason!, (reasons.get(reason!) ?? 0) + 1);
  },
  takeTurns: () => Promise.reject(new Error("No stream takes turns")),
  auth: {
    issuers: null,
    audiences: [],
    // A ticket is the user's id.
    verifyTicket: (userId) => Promise.resolve({ kind: "user", userId, role: null, expiresAt }),
  },
  tickets: createTickets("none is issued"),
  endsAt: Infinity,
});

interface Client {
  reader: ReadableStreamDefaultReader<Uint8Array>;
  leaving: AbortController;
}

const newUrl = (origin: string) =>
  `${origin}/events?topics=account,orders&ticket=${crypto.randomUUID()}`;

/** Resolves when all has come to its end that waits for nothing from outside. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Opens streams, reads the hello of each, and has them come as far as the database is. */
async function open(
  get: (url: string, init: RequestInit) => Promise<Response>,
  origin: string,
): Promise<Client[]> {
  const clients = await Promise.all(Array.from({ length: STREAMS }, async () => {
    const leaving = new AbortController();
    signals.push(leaving.signal);
    const response = await get(newUrl(origin), { signal: leaving.signal });
    strictEqual(response.status, 200);
    const reader = response.body!.getReader();
    await reader.read();
    return { reader, leaving };
  }));
  await settled();
  return clients;
}

const openHere = () => open((url, init) => answer(new Request(url, init)), "http://worker");

/** Reads on, to the end. */
async function readAll({ reader }: Client): Promise<void> {
  while (!(await reader.read()).done);
}

interface Way {
  /** What is counted for it. */
  reason: string;
  end(): Promise<unknown>;
}

const WAYS: Way[] = [
  { // the client leaves
    reason: "left",
    async end() {
      const clients = await openHere();
      for (const { leaving } of clients) leaving.abort();
    },
  },
  { // the body is cancelled
    reason: "left",
    async end() {
      const clients = await openHere();
      await Promise.all(clients.map(({ reader }) => reader.cancel()));
    },
  },
  { // the connection ends
    reason: "left",
    async end() {
      const listening = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
      await using server = Deno.serve(listening, answer);
      const clients = await open(fetch, `http://127.0.0.1:${server.addr.port}`);
      await Promise.all(clients.map(({ reader }) => reader.cancel()));
      await Promise.all(endings);
    },
  },
  { // the reader stops reading
    reason: "slow",
    async end() {
      await openHere();
      for (let n = 0; n < 12; n++) feed.publish("orders", "x".repeat(MAX_UNREAD_BYTES / 10));
      await Promise.all(endings);
      topic.kept = [];
    },
  },
  { // the token ends
    reason: "rotated",
    async end() {
      expiresAt = new Date(); // which was to be later than the stream's end
      const clients = await openHere();
      await Promise.all(clients.map(readAll));
    },
  },
  { // the account is closed
    reason: "closed",
    async end() {
      const clients = await openHere();
      feed.change({ type: "account.closed" });
      await Promise.all(clients.map(readAll));
      feed.events = [];
    },
  },
  { // something fails
    reason: "failed",
    async end() {
      feed.before = (name) =>
        name === "poll_events"
          ? Promise.reject(new Error("The database is away"))
          : Promise.resolve();
      await openHere();
      await Promise.all(endings);
      feed.before = () => Promise.resolve();
    },
  },
];

/** Opens streams, has all of them end in one way, and waits until nothing goes on any more. */
async function openAndEnd(way: Way): Promise<void> {
  expiresAt = new Date(Date.now() + 3_600_000);
  endings = [];
  reasons.clear();
  await way.end();
  await Promise.all(endings);
  endings = [];
  deepStrictEqual([...reasons], [[way.reason, STREAMS]]);
  await settled();
}

async function openAndEndInAllWays(): Promise<void> {
  for (const way of WAYS) await openAndEnd(way);
}

/** How many objects of a class, or of one that extends it, are left after a collection of garbage. */
// deno-lint-ignore ban-types -- it is that of all classes.
const left = (type: Function) => Number(queryObjects(type, { format: "count" }));

Deno.test("of streams that have ended, in whatever way, no object is retained", async () => {
  await openAndEndInAllWays(); // makes what is made once
  const before = KINDS.map(left);
  for (let round = 1; round <= ROUNDS; round++) await openAndEndInAllWays();
  const more = KINDS.map((type, index) => left(type) - before[index]!);
  // One object of each stream that ends in one of the ways would be ROUNDS times STREAMS.
  ok(
    more.every((count) => count < STREAMS),
    KINDS.map(({ name }, index) => `${name}: ${more[index]} more`).join(", "),
  );
});
