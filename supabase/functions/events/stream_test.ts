import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { parseCursor } from "./cursor.ts";
import { openStream } from "./feed.ts";
import { createFeed, USER } from "./feed_stand_in.ts";
import { MAX_UNREAD_BYTES, STALLED_MS } from "./outbox.ts";
import { Poller } from "./poller.ts";
import { HEARTBEAT_MS, mayListen, Stream, type StreamOptions } from "./stream.ts";

interface Received {
  event: string;
  id: string;
  // deno-lint-ignore no-explicit-any -- the tests assert what is in it.
  data: any;
}

type Feed = ReturnType<typeof createFeed>;

/** The events of a stream as they come, one at a time. */
class Reader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";
  heartbeats = 0;

  constructor(stream: Stream) {
    this.#reader = stream.readable.getReader();
  }

  /** The next event; null at the end. */
  async next(): Promise<Received | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end < 0) {
        const { done, value } = await this.#reader.read();
        if (done) return null;
        this.#text += this.#decoder.decode(value, { stream: true });
        continue;
      }
      const block = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      if (block.startsWith(":")) {
        this.heartbeats++;
        continue;
      }
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
      return {
        event: field("event"),
        id: field("id"),
        data: JSON.parse(field("data")),
      };
    }
  }

  async take(count: number): Promise<Received[]> {
    const all: Received[] = [];
    for (let i = 0; i < count; i++) {
      const next = await this.next();
      if (!next) break;
      all.push(next);
    }
    return all;
  }

  leave(): Promise<void> {
    return this.#reader.cancel();
  }
}

const count = new Map<string, number>();
const options = (feed: Feed) => ({
  call: feed.call,
  log: () => {},
  count: (name: string) => void count.set(name, (count.get(name) ?? 0) + 1),
});

function newStream(
  feed: Feed,
  topics: string[],
  more: Partial<StreamOptions> = {},
): Stream {
  return new Stream({
    listener: { userId: USER, role: null },
    topics,
    resume: null,
    rotateAt: Infinity,
    rotateReason: "worker",
    ...options(feed),
    ...more,
  });
}

/** A stream as the handler opens it, on a poller. */
async function open(
  feed: Feed,
  poller: Poller,
  topics: string[],
  cursor?: string,
) {
  const resume = cursor === undefined ? null : parseCursor(cursor);
  const stream = newStream(feed, topics, { resume });
  void stream.ended.then(() => poller.detach(stream));
  stream.begin(
    await openStream(
      feed.call,
      USER,
      topics.filter((name) => name !== "account"),
      true,
    ),
  );
  const attached = poller.attach(stream);
  const reader = new Reader(stream);
  const close = async () => {
    await reader.leave();
    await attached;
  };
  return { stream, reader, attached, [Symbol.asyncDispose]: close };
}

Deno.test("mayListen() goes by the audience: everybody, the owner, those with the role", () => {
  const rule = (audience: "authenticated" | "owner" | "role", more = {}) => ({
    audience,
    owner_id: null,
    role: null,
    ...more,
  });
  const somebody = { userId: USER, role: null };
  ok(mayListen(rule("authenticated"), somebody));
  ok(mayListen(rule("owner", { owner_id: USER }), somebody));
  ok(!mayListen(rule("owner", { owner_id: crypto.randomUUID() }), somebody));
  ok(!mayListen(rule("owner"), somebody));
  ok(
    mayListen(rule("role", { role: "staff" }), { userId: USER, role: "staff" }),
  );
  ok(
    !mayListen(rule("role", { role: "staff" }), {
      userId: USER,
      role: "guest",
    }),
  );
  ok(!mayListen(rule("role", { role: "staff" }), somebody));
  ok(!mayListen(rule("role"), somebody));
});

Deno.test("a stream says hello, then all that comes, each with the whole cursor", async () => {
  const feed = createFeed();
  feed.declare("orders");
  feed.publish("orders", { n: 1 });
  const poller = new Poller(options(feed));
  await using opened = await open(feed, poller, ["account", "orders"]);
  const [hello] = await opened.reader.take(1);
  strictEqual(hello?.event, "hello");
  strictEqual(hello?.id, "1;account=1;orders=1");
  strictEqual(hello?.data.account.version, 1);
  strictEqual(hello?.data.topics.orders.newest[0].payload.n, 1);
  feed.change();
  feed.publish("orders");
  const events = await opened.reader.take(2);
  deepStrictEqual(events.map(({ event, id }) => [event, id]), [
    ["account", "1;account=2;orders=1"],
    ["notification", "1;account=2;orders=2"],
  ]);
});

Deno.test("a stream goes on from a cursor, over several pages, without a gap", async () => {
  const feed = createFeed();
  feed.declare("orders");
  for (let i = 0; i < 450; i++) feed.change();
  for (let i = 0; i < 210; i++) feed.publish("orders");
  const poller = new Poller(options(feed));
  await using opened = await open(
    feed,
    poller,
    ["account", "orders"],
    "1;account=1;orders=0",
  );
  const [hello, ...events] = await opened.reader.take(1 + 450 + 210);
  strictEqual(hello?.id, "1;account=1;orders=0");
  deepStrictEqual(hello?.data.topics.orders.newest, []);
  const of = (event: string) => events.filter((one) => one.event === event);
  deepStrictEqual(
    of("account").map(({ data }) => data.version),
    Array.from({ length: 450 }, (_, i) => i + 2),
  );
  deepStrictEqual(
    of("notification").map(({ data }) => data.id),
    Array.from({ length: 210 }, (_, i) => i + 1),
  );
});

for (
  const [why, cursor] of [
    ["of another epoch", "9;account=1;orders=1"],
    ["ahead of the database", "1;account=7;orders=1"],
    ["too far behind", "1;account=1;orders=0"],
    ["of before what is kept", "1;account=1;orders=3"],
  ] as const
) {
  Deno.test(`a cursor ${why} gets a reset with the newest, and until then stays as it is`, async () => {
    const feed = createFeed();
    const topic = feed.declare("orders");
    for (let i = 0; i < 1001; i++) feed.publish("orders");
    topic.kept.splice(0, 900);
    const poller = new Poller(options(feed));
    await using opened = await open(
      feed,
      poller,
      ["account", "orders"],
      cursor,
    );
    const [hello, reset] = await opened.reader.take(2);
    strictEqual(hello?.event, "hello");
    strictEqual(hello?.id, cursor);
    strictEqual(reset?.event, "reset");
    strictEqual(reset?.id, "1;account=1;orders=1001");
    strictEqual(reset?.data.account.version, 1);
    strictEqual(reset?.data.topics.orders.newest.length, 50);
    feed.publish("orders");
    strictEqual((await opened.reader.next())?.data.id, 1002);
  });
}

Deno.test("a reset of a large snapshot gets through to a reader that reads", async () => {
  const feed = createFeed();
  feed.declare("orders");
  for (let i = 0; i < 50; i++) {
    feed.publish("orders", "x".repeat(MAX_UNREAD_BYTES / 10));
  }
  const poller = new Poller(options(feed));
  await using opened = await open(feed, poller, ["orders"], "2;orders=1");
  const [, reset] = await opened.reader.take(2);
  strictEqual(reset?.data.topics.orders.newest.length, 50);
});

Deno.test("an epoch that changes, an account that goes back, and a trimmed topic each give a reset", async () => {
  const feed = createFeed();
  const topic = feed.declare("orders");
  feed.publish("orders");
  feed.change();
  const poller = new Poller(options(feed));
  await using opened = await open(feed, poller, ["account", "orders"]);
  await opened.reader.next();
  feed.epoch = 2;
  strictEqual((await opened.reader.next())?.id, "2;account=2;orders=1");
  feed.version = 1;
  feed.events = [];
  strictEqual((await opened.reader.next())?.id, "2;account=1;orders=1");
  topic.version = 9;
  strictEqual((await opened.reader.next())?.id, "2;account=1;orders=9");
  topic.version = 0;
  topic.kept = [];
  const last = await opened.reader.next();
  strictEqual(last?.event, "reset");
  strictEqual(last?.id, "2;account=1;orders=0");
});

Deno.test("a listener whose rule changed with a reset is told nothing of the topic", async () => {
  const feed = createFeed();
  const topic = feed.declare("orders");
  const poller = new Poller(options(feed));
  await using opened = await open(feed, poller, ["account", "orders"]);
  await opened.reader.next();
  feed.publish("orders", "secret");
  topic.rule = { audience: "owner", owner_id: crypto.randomUUID(), role: null };
  feed.epoch = 2;
  const [revoked, reset] = await opened.reader.take(2);
  deepStrictEqual(revoked?.data, { topic: "orders", reason: "forbidden" });
  deepStrictEqual(reset?.data.topics, {});
  strictEqual(reset?.id, "2;account=1");
});

Deno.test("a topic that is gone is revoked once, and a stream without any left ends", async () => {
  const feed = createFeed();
  feed.declare("a");
  const b = feed.declare("b");
  const poller = new Poller(options(feed));
  await using opened = await open(feed, poller, ["a", "b"]);
  await opened.reader.next();
  feed.topics.delete("a");
  deepStrictEqual((await opened.reader.next())?.data, {
    topic: "a",
    reason: "gone",
  });
  b.rule = { audience: "role", owner_id: null, role: "staff" };
  deepStrictEqual((await opened.reader.next())?.data, {
    topic: "b",
    reason: "forbidden",
  });
  strictEqual(await opened.reader.next(), null);
  strictEqual(await opened.stream.ended, "closed");
});

Deno.test("an open stream takes new preferences over, and its cursor does not pass what waits", async () => {
  const feed = createFeed();
  const topic = feed.declare("orders");
  const poller = new Poller(options(feed));
  await using opened = await open(feed, poller, ["account", "orders"]);
  await opened.reader.next();
  topic.preferences = { muted: false, min_interval_seconds: 86_400 };
  feed.change({ reason: "notification_preferences" });
  await opened.reader.next();
  feed.publish("orders");
  feed.publish("orders");
  feed.change();
  strictEqual((await opened.reader.next())?.id, "1;account=3;orders=0");
  topic.preferences = { muted: false, min_interval_seconds: 0 };
  feed.change({ reason: "notification_preferences" });
  strictEqual((await opened.reader.next())?.id, "1;account=4;orders=0");
  const newest = await opened.reader.next();
  strictEqual(newest?.data.id, 2);
  strictEqual(newest?.id, "1;account=4;orders=2");
  topic.preferences = { muted: true, min_interval_seconds: 0 };
  feed.change({ reason: "notification_preferences" });
  await opened.reader.next();
  feed.publish("orders");
  feed.change();
  strictEqual((await opened.reader.next())?.event, "account");
});

Deno.test("a stream ends with the account", async () => {
  const feed = createFeed();
  const poller = new Poller(options(feed));
  await using opened = await open(feed, poller, ["account"]);
  await opened.reader.next();
  feed.change({ type: "account.closed" });
  strictEqual((await opened.reader.next())?.data.type, "account.closed");
  strictEqual(await opened.reader.next(), null);
});

Deno.test("a stream sends heartbeats where nothing else was sent, and asks to come again at its time", async () => {
  const feed = createFeed();
  const rotateAt = Date.now() + 2 * HEARTBEAT_MS;
  const stream = newStream(feed, ["account"], {
    rotateAt,
    rotateReason: "token",
  });
  stream.begin(await openStream(feed.call, USER, [], false));
  const reader = new Reader(stream);
  await reader.next();
  stream.tick(Date.now());
  stream.tick(Date.now() + HEARTBEAT_MS);
  stream.tick(rotateAt);
  const rotate = await reader.next();
  strictEqual(reader.heartbeats, 1);
  deepStrictEqual([rotate?.event, rotate?.data.reason], ["rotate", "token"]);
  strictEqual(await reader.next(), null);
  strictEqual(await stream.ended, "rotated");
});

Deno.test("a reader that stops reading is cut: at once by what comes, at last by time, also while it closes", async () => {
  for (const how of ["flood", "time", "time after the end"]) {
    const feed = createFeed();
    feed.declare("orders");
    const poller = new Poller(options(feed));
    const stream = newStream(feed, ["account", "orders"]);
    void stream.ended.then(() => poller.detach(stream));
    stream.begin(await openStream(feed.call, USER, ["orders"], false));
    await poller.attach(stream);
    if (how === "flood") {
      for (let i = 0; i < 12; i++) {
        feed.publish("orders", "x".repeat(MAX_UNREAD_BYTES / 10));
      }
    } else {
      if (how === "time after the end") stream.close();
      stream.tick(Date.now() + STALLED_MS + 1);
    }
    strictEqual(
      await stream.ended,
      how === "time after the end" ? "closed" : "slow",
    );
    strictEqual(poller.size, 0);
  }
});

Deno.test("a reader that stops reading while it catches up is cut, too", async () => {
  const feed = createFeed();
  feed.declare("orders");
  for (let i = 0; i < 30; i++) {
    feed.publish("orders", "x".repeat(MAX_UNREAD_BYTES / 10));
  }
  const poller = new Poller(options(feed));
  const stream = newStream(feed, ["orders"], {
    resume: parseCursor("1;orders=0"),
  });
  void stream.ended.then(() => poller.detach(stream));
  stream.begin(await openStream(feed.call, USER, ["orders"], false));
  const attached = poller.attach(stream);
  stream.tick(Date.now() + STALLED_MS + 1);
  strictEqual(await stream.ended, "slow");
  await attached;
  strictEqual(poller.size, 0);
});

Deno.test("a client that leaves while its stream catches up leaves nothing behind", async () => {
  const feed = createFeed();
  const poller = new Poller(options(feed));
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  feed.before = async (name) => {
    if (name !== "poll_events") return;
    asked.resolve();
    await held.promise;
  };
  const { stream, attached } = await open(feed, poller, ["account"]);
  await asked.promise;
  stream.leave();
  strictEqual(await stream.ended, "left");
  held.resolve();
  await attached;
  strictEqual(poller.size, 0);
});
