/**
 * The line between the functions' workers and the API, which a test can cut where it likes: it is the workers'
 * SUPABASE_URL. So a worker can be killed at a known point of its work, and no production code knows of it.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { Buffer } from "node:buffer";
import { within } from "../../scripts/stack/process.ts";

/** A call of a function of the database, on its way there or its answer on the way back. */
export type Passage = "call" | "answer";

/** What has been stopped on its way. */
export interface Held {
  /** Lets it go on. */
  release(): void;
  /** Loses it, and the connection with it. */
  lose(): void;
}

interface Point {
  name: string;
  passage: Passage;
  reached(held: Held): void;
}

export interface Wire extends AsyncDisposable {
  /** What the workers are told to be the API. */
  readonly url: string;
  /** Stops the next such passage, and says when it is there. */
  hold(name: string, passage: Passage): Promise<Held>;
  /** Is told of each passage, as it comes. */
  onPassage: (name: string, passage: Passage) => void;
}

const PATIENCE_MS = 20_000;

async function orTimeout<T>(promise: Promise<T>, message: string): Promise<T> {
  const value = await within(promise, PATIENCE_MS, undefined);
  if (value === undefined) throw new Error(message);
  return value;
}

/** @param target The API itself, which need not answer yet. */
export async function startWire(target: string): Promise<Wire> {
  const points: Point[] = [];
  const server = createServer((request, response) => {
    // A worker that was killed leaves its calls behind.
    pass(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = request.url ?? "/";
    const name = path.split("?")[0]?.split("/").at(-1) ?? "";
    if (!await mayGoOn(name, "call")) return void request.socket.destroy();
    const headers = new Headers(request.headers as Record<string, string>);
    for (const each of ["host", "connection", "content-length"]) headers.delete(each);
    headers.set("accept-encoding", "identity");
    const answer = await fetch(target + path, {
      method: request.method ?? "GET",
      headers,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (!await mayGoOn(name, "answer")) return void request.socket.destroy();
    response.writeHead(answer.status, {
      "content-type": answer.headers.get("content-type") ?? "application/json",
    });
    response.end(body);
  }

  /** Whether a passage goes on: at once, or when whoever holds it says so. */
  function mayGoOn(name: string, passage: Passage): Promise<boolean> {
    wire.onPassage(name, passage);
    const index = points.findIndex((each) => each.name === name && each.passage === passage);
    const [point] = index === -1 ? [] : points.splice(index, 1);
    if (!point) return Promise.resolve(true);
    return new Promise((resolve) =>
      point.reached({ release: () => resolve(true), lose: () => resolve(false) })
    );
  }

  const wire: Wire = {
    url: `http://127.0.0.1:${port}`,
    onPassage: () => {},
    hold: (name, passage) => {
      const { promise, resolve } = Promise.withResolvers<Held>();
      points.push({ name, passage, reached: resolve });
      return orTimeout(promise, `No ${passage} of ${name} came by`);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return wire;
}
