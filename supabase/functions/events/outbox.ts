/** The bytes between a stream and its reader: bounded, so that a reader who stops reading costs so much and no more. */

/** What may lie unread before the reader is cut, in bytes; the event that goes beyond it still finds room. */
export const MAX_UNREAD_BYTES = 256 * 1024;
/** Who has taken nothing for so long, while something waits, has stopped reading, in milliseconds. */
export const STALLED_MS = 60_000;

const encoder = new TextEncoder();

export interface Outbox {
  readonly readable: ReadableStream<Uint8Array>;
  /** Resolves once nothing is left to send: all was read after {@link close}, or the reader is cut, or has left. */
  readonly closed: Promise<void>;
  /** Sends a text; false where the reader was too slow, or nothing can be sent any more. */
  send(text: string): boolean;
  /** Resolves when there is room for more, or the outbox is closed. */
  room(): Promise<void>;
  /** Whether something waits that the reader has not asked for in a long time, which {@link STALLED_MS} says. */
  isStalled(now: number): boolean;
  /** Ends the stream, once what was sent is read. */
  close(): void;
  /** Ends the stream at once, as an error: the reader's connection is cut. */
  cut(): void;
  /** Ends the stream at once, without a word: the reader has left. */
  drop(): void;
}

/** @param left Called once when the reader has cancelled. */
export function createOutbox(left: () => void): Outbox {
  let queue: Uint8Array[] = [];
  let unread = 0;
  let waitsSince = Infinity;
  let state: "open" | "closing" | "closed" = "open";
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let wakeReader: (() => void) | null = null;
  let wakeWriter: (() => void) | null = null;
  const closed = Promise.withResolvers<void>();

  const wake = () => {
    wakeReader?.();
    wakeReader = null;
    wakeWriter?.();
    wakeWriter = null;
  };
  /** All that waits, as one piece: the reader's own queue holds no more than that. */
  const takeAll = (): Uint8Array => {
    const [first] = queue;
    let all = first ?? new Uint8Array();
    if (queue.length > 1) {
      all = new Uint8Array(unread);
      let at = 0;
      for (const chunk of queue) {
        all.set(chunk, at);
        at += chunk.length;
      }
    }
    queue = [];
    unread = 0;
    waitsSince = Infinity;
    return all;
  };
  const end = () => {
    state = "closed";
    takeAll();
    wake();
    closed.resolve();
  };

  const readable = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    async pull() {
      if (queue.length === 0 && state === "open") {
        await new Promise<void>((resolve) => wakeReader = resolve);
      }
      if (queue.length > 0) controller.enqueue(takeAll());
      wakeWriter?.();
      wakeWriter = null;
      if (state === "closing") {
        end();
        controller.close();
      }
    },
    cancel() {
      end();
      left();
    },
  }, { highWaterMark: 0 });

  return {
    readable,
    closed: closed.promise,
    send(text) {
      if (state !== "open" || unread > MAX_UNREAD_BYTES) return false;
      const chunk = encoder.encode(text);
      if (queue.length === 0) waitsSince = Date.now();
      queue.push(chunk);
      unread += chunk.length;
      wakeReader?.();
      wakeReader = null;
      return true;
    },
    async room() {
      while (state === "open" && unread > MAX_UNREAD_BYTES / 2) {
        await new Promise<void>((resolve) => wakeWriter = resolve);
      }
    },
    isStalled: (now) => now - waitsSince > STALLED_MS,
    close() {
      if (state !== "open") return;
      state = "closing";
      wake();
    },
    cut() {
      if (state === "closed") return;
      end();
      controller.error(new Error("The reader was too slow, and was cut"));
    },
    drop() {
      if (state === "closed") return;
      end();
      controller.close();
    },
  };
}
