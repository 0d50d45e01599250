/** One answer of `GET /events`, event by event, without the coming again of an `EventSource`. */

import { createParser, type EventSourceMessage } from "eventsource-parser";
import { stack } from "./stack.ts";

/** How long is waited for an event. It bounds a failure, and measures nothing. */
const PATIENCE_MS = 20_000;

export interface StreamEvent {
  event: string;
  id: string;
  // deno-lint-ignore no-explicit-any -- the tests assert what is in it.
  data: any;
}

export interface OpenStream extends AsyncDisposable {
  requestId: string;
  headers: Headers;
  /** The next event; null where the server has ended the stream. */
  next(): Promise<StreamEvent | null>;
  /** The next event of this type; others before it are passed over. */
  until(event: string): Promise<StreamEvent>;
}

/** Opens a stream. @throws where the answer is no stream. */
export async function listen(
  user: { token: string },
  query: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<OpenStream> {
  const leaving = new AbortController();
  const response = await fetch(`${stack.functionsUrl}/events?${new URLSearchParams(query)}`, {
    headers: { authorization: `Bearer ${user.token}`, ...headers },
    signal: leaving.signal,
  });
  if (response.status !== 200 || !response.body) {
    throw new Error(`${response.status} ${await response.text()}`);
  }
  const parsed: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => parsed.push(event) });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();

  async function read(): Promise<boolean> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error("No event came")), PATIENCE_MS);
    try {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (!done) parser.feed(value);
      return !done;
    } finally {
      clearTimeout(timer);
    }
  }
  async function next(): Promise<StreamEvent | null> {
    while (parsed.length === 0) if (!(await read())) return null;
    const { event = "", id = "", data } = parsed.shift()!;
    return { event, id, data: JSON.parse(data) };
  }
  return {
    requestId: response.headers.get("x-request-id") ?? "",
    headers: response.headers,
    next,
    async until(event) {
      for (;;) {
        const found = await next();
        if (!found) throw new Error(`The stream ended without ${event}`);
        if (found.event === event) return found;
      }
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await reader.cancel().catch((error) => {
        if ((error as Error).name !== "AbortError") throw error; // that is what we did
      });
    },
  };
}
