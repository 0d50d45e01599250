import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { parseCursor } from "./cursor.ts";
import { openStream } from "./feed.ts";
import { createFeed, USER } from "./feed_stand_in.ts";
import { Poller } from "./poller.ts";
import { Stream } from "./stream.ts";

type Feed = ReturnType<typeof createFeed>;

interface Client {
  text: string;
  /** Resolves when the text has this in it; fails when it has not for long. */
  until(part: string): Promise<void>;
  leave(): Promise<void>;
}

const parts = (feed: Feed) => ({
  call: feed.call,
  log: () => {},
  count: () => {},
});

/** A client of one stream that reads all. `attached` is when the stream is fed by the poller. */
async function connect(
  feed: Feed,
  poller: Poller,
  cursor: string | null,
  topics = ["account"],
) {
  const stream = new Stream({
    listener: { userId: USER, role: null },
    topics,
    resume: cursor === null ? null : parseCursor(cursor),
    rotateAt: Infinity,
    rotateReason: "worker",
    ...parts(feed),
  });
  void stream.ended.then(() => poller.detach(stream));
  const named = topics.filter((name) => name !== "account");
  stream.begin(await openStream(feed.call, USER, named, false));
  const attached = poller.attach(stream);
  const reader = stream.readable.getReader();
  const decoder = new TextDecoder();
  let wake = Promise.withResolvers<void>();
  const client: Client = {
    text: "",
    async until(part) {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => late.reject(new Error(`It never said ${part}`)),
        10_000,
      );
      try {
        while (!client.text.includes(part)) {
          await Promise.race([wake.promise, late.promise]);
        }
      } finally {
        clearTimeout(timer);
      }
    },
    leave: () => reader.cancel(),
  };
  void (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      client.text += decoder.decode(value, { stream: true });
      wake.resolve();
      wake = Promise.withResolvers<void>();
    }
  })();
  return { client, attached };
}

/** The next question of the poller, held until it is let go on. */
function hold(feed: Feed): { asked: Promise<void>; release(): void } {
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  feed.before = async (name) => {
    if (name !== "poll_events") return;
    feed.before = () => Promise.resolve();
    asked.resolve();
    await held.promise;
  };
  return { asked: asked.promise, release: () => held.resolve() };
}

Deno.test("the poller asks once for all streams", async () => {
  const feed = createFeed();
  const poller = new Poller(parts(feed));
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => connect(feed, poller, null)),
  );
  await Promise.all(clients.map(({ attached }) => attached));
  const before = feed.calls.length;
  feed.change();
  await Promise.all(clients.map(({ client }) => client.until('"version":2')));
  ok(
    feed.calls.length - before <= 2,
    `${feed.calls.length - before} questions`,
  );
  await Promise.all(clients.map(({ client }) => client.leave()));
});

Deno.test("the poller rests without streams: no timer, nothing kept, nothing asked", async () => {
  const feed = createFeed();
  feed.declare("orders");
  const poller = new Poller(parts(feed));
  const { client, attached } = await connect(feed, poller, null, [
    "account",
    "orders",
  ]);
  await attached;
  strictEqual(poller.size, 3);
  feed.change();
  await client.until('"version":2');
  await client.leave();
  await attached;
  // Timers that were left would be found by Deno's own check of this test.
  strictEqual(poller.size, 0);
});

Deno.test("the poller forgets a stream that leaves while it asks", async () => {
  const feed = createFeed();
  const poller = new Poller(parts(feed));
  const { client, attached } = await connect(feed, poller, null);
  await attached;
  const held = hold(feed);
  await held.asked;
  await client.leave();
  strictEqual(poller.size, 0);
  held.release();
});

Deno.test("the poller keeps its streams while the database is away, and loses nothing", async () => {
  const feed = createFeed();
  const lines: string[] = [];
  const poller = new Poller({
    ...parts(feed),
    log: (_level, message) => void lines.push(message),
  });
  const { client, attached } = await connect(feed, poller, null);
  await attached;
  const failed = Promise.withResolvers<void>();
  feed.before = () => {
    feed.before = () => Promise.resolve();
    failed.resolve();
    return Promise.reject(new Error("no connection"));
  };
  feed.change();
  await failed.promise;
  feed.change();
  await client.until('"version":3');
  ok(client.text.includes('"version":2'));
  deepStrictEqual(lines, ["The poll of events failed, and is tried again"]);
  await client.leave();
});

Deno.test("the poller takes no stream that is behind what it has read: it catches up first", async () => {
  const feed = createFeed();
  const poller = new Poller(parts(feed));
  const first = await connect(feed, poller, null);
  await first.attached;
  const held = hold(feed); // the second's catching up has read nothing yet
  const second = await connect(feed, poller, "1;account=1");
  await held.asked;
  feed.change();
  await first.client.until('"version":2');
  held.release();
  await second.client.until('"version":2');
  feed.change();
  await second.client.until('"version":3');
  strictEqual(second.client.text.split("event: account").length - 1, 2);
  ok(!second.client.text.includes("event: reset"));
  await Promise.all([first.client.leave(), second.client.leave()]);
});

Deno.test("what was asked for a stream that has left does not move the one that came after it", async () => {
  const feed = createFeed();
  feed.declare("orders");
  const poller = new Poller(parts(feed));
  const first = await connect(feed, poller, null, ["orders"]);
  await first.attached;

  const catching = hold(feed);
  const second = await connect(feed, poller, "1;orders=0", ["orders"]);
  await catching.asked; // and has been told that there is nothing after 0
  feed.publish("orders");
  await first.client.until('"id":1');
  const polling = hold(feed);
  await polling.asked; // from 1 on
  await first.client.leave();
  catching.release();
  await second.attached;
  polling.release();
  await second.client.until('"id":1');
  await second.client.leave();
});
