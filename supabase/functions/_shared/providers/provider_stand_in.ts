/** For the tests of adapters: a provider on a real port, that answers what it is told to and keeps what it was asked. */

import type { ProviderJob } from "./provider.ts";

export interface Asked {
  path: string;
  headers: Headers;
  // deno-lint-ignore no-explicit-any -- the tests assert what is in it.
  body: any;
}

export interface StandIn extends AsyncDisposable {
  url: string;
  asked: Asked[];
}

/** Answers the first request with the first of these, and so on; all others with the last. */
export function standIn(
  ...answers: (() => Response | Promise<Response>)[]
): StandIn {
  const asked: Asked[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname: path } = new URL(request.url);
      asked.push({
        path,
        headers: request.headers,
        body: await request.json(),
      });
      return await (answers[asked.length - 1] ?? answers.at(-1))!();
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Takes each request and closes the connection without an answer. */
export function losesAnswers():
  & { url: string; connections: () => number }
  & Disposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  (async () => {
    for await (const connection of listener) {
      connections++;
      await connection.read(new Uint8Array(65_536));
      connection.close();
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    connections: () => connections,
    [Symbol.dispose]: () => listener.close(),
  };
}

/** Where nobody listens. */
export function nobody(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${listener.addr.port}`;
}

/** Time enough for every retry. */
export const soon = () => new Date(Date.now() + 20_000);
export const never = new AbortController().signal;

export function jobOf(job: Partial<ProviderJob>): ProviderJob {
  return {
    generationId: "3b0c5b0e-6c8c-4b6b-9a53-3f5cf6f1c001",
    attempt: "9a4f7d0e-0d2f-4f36-8d64-5a3c0f6be002",
    type: "some",
    input: { prompt: "a fox" },
    options: {},
    cost: 10,
    deadline: soon(),
    ...job,
  };
}
