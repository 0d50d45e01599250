import { ok, rejects, strictEqual } from "node:assert/strict";
import { createOutbox, MAX_UNREAD_BYTES, STALLED_MS } from "./outbox.ts";

const KIB = "x".repeat(1024);

function newOutbox() {
  let lefts = 0;
  const outbox = createOutbox(() => lefts++);
  return { outbox, reader: outbox.readable.getReader(), lefts: () => lefts };
}

async function textOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
}

Deno.test("an outbox hands on what is sent, in order, and ends once that is read", async () => {
  const { outbox, reader, lefts } = newOutbox();
  for (const text of ["a", "b", "ü"]) ok(outbox.send(text));
  outbox.close();
  strictEqual(outbox.send("late"), false);
  strictEqual(await textOf(reader), "abü");
  await outbox.closed;
  strictEqual(lefts(), 0);
});

Deno.test("an outbox wakes a reader that waits", async () => {
  const { outbox, reader } = newOutbox();
  const reading = textOf(reader);
  await Promise.resolve();
  outbox.send("a");
  outbox.close();
  strictEqual(await reading, "a");
});

Deno.test("an outbox takes no more than its bound and one event from who is not read", () => {
  const { outbox } = newOutbox();
  let taken = 0;
  while (outbox.send(KIB)) taken += KIB.length;
  strictEqual(taken, MAX_UNREAD_BYTES + KIB.length);
});

Deno.test("an outbox takes one event beyond its bound, so that a large snapshot gets through", async () => {
  const { outbox, reader } = newOutbox();
  ok(outbox.send("hello"));
  ok(outbox.send("x".repeat(2 * MAX_UNREAD_BYTES)));
  strictEqual(outbox.send("a"), false);
  const { value } = await reader.read();
  strictEqual(value?.length, 5 + 2 * MAX_UNREAD_BYTES);
  ok(outbox.send("a"));
});

Deno.test("what a reader took makes room, and what it did not take holds the writer", async () => {
  const { outbox, reader } = newOutbox();
  await outbox.room();
  while (outbox.send(KIB));
  let hasRoom = false;
  const room = outbox.room().then(() => hasRoom = true);
  await Promise.resolve();
  strictEqual(hasRoom, false);
  await reader.read();
  await room;
  ok(outbox.send(KIB));
});

Deno.test("a reader that cancels frees the outbox, and is told of once", async () => {
  const { outbox, reader, lefts } = newOutbox();
  while (outbox.send(KIB));
  const room = outbox.room();
  await reader.cancel();
  await Promise.all([room, outbox.closed]);
  outbox.close();
  outbox.cut();
  strictEqual(outbox.send("a"), false);
  strictEqual(lefts(), 1);
});

Deno.test("a cut outbox ends its reader with an error, also one that waits", async () => {
  const { outbox, reader } = newOutbox();
  const reading = reader.read();
  outbox.cut();
  await rejects(reading, /too slow/);
  await outbox.closed;
});

Deno.test("a dropped outbox forgets what waits, and ends its reader without an error", async () => {
  const { outbox, reader, lefts } = newOutbox();
  outbox.send("a");
  outbox.drop();
  await outbox.closed;
  strictEqual((await reader.read()).done, true);
  strictEqual(lefts(), 0);
});

Deno.test("an outbox that nobody reads is closed at last by being cut", async () => {
  const { outbox } = newOutbox();
  outbox.send("a");
  outbox.close();
  outbox.cut();
  await outbox.closed;
});

Deno.test("a reader has stopped when something has waited for long, and not when there is nothing", async () => {
  const { outbox, reader } = newOutbox();
  const later = () => Date.now() + STALLED_MS + 1;
  strictEqual(outbox.isStalled(later()), false);
  outbox.send("a");
  strictEqual(outbox.isStalled(Date.now()), false);
  ok(outbox.isStalled(later()));
  await reader.read();
  strictEqual(outbox.isStalled(later()), false);
});
