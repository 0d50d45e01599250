/** A TCP proxy that cuts connections at random places: between events, inside of them, and inside of the headers. */

/** Numbers from 0 to 1 that a seed makes again (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface CuttingProxy extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40001`. */
  url: string;
  /** How many connections it has cut. */
  readonly cuts: number;
  /** From now on, cuts none that come. */
  spare(): void;
}

/**
 * Each connection to `target` is cut after some bytes of its answer: at most `maxBytes`, by `random`, more often after a
 * few.
 */
export function startCuttingProxy(
  target: string,
  maxBytes: number,
  random: () => number,
): CuttingProxy {
  const { hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const working = new Set<Promise<void>>();
  let cuts = 0;
  let isSparing = false;

  async function serve(client: Deno.Conn): Promise<void> {
    const upstream = await Deno.connect({ hostname, port: Number(port) });
    const both = [client, upstream];
    for (const connection of both) open.add(connection);
    const end = () => {
      for (const connection of both) if (open.delete(connection)) connection.close();
    };
    let left = isSparing ? Infinity : Math.ceil(maxBytes * random() ** 2);
    await Promise.all([
      pump(client, upstream, (length) => length).finally(end),
      pump(upstream, client, (length) => {
        const allowed = Math.min(length, left);
        left -= allowed;
        if (left === 0) cuts++;
        return allowed;
      }).finally(end),
    ]);
  }

  const accepting = (async () => {
    for await (const client of listener) {
      const work = serve(client).catch(ignoreEnds).finally(() => working.delete(work));
      working.add(work);
    }
  })();

  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    get cuts() {
      return cuts;
    },
    spare: () => isSparing = true,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) connection.close();
      open.clear();
      await Promise.all([accepting, ...working]);
    },
  };
}

/** Hands on until the end, or until less is allowed than there is. */
async function pump(
  from: Deno.Conn,
  to: Deno.Conn,
  allow: (length: number) => number,
): Promise<void> {
  const buffer = new Uint8Array(16_384);
  for (;;) {
    const length = await from.read(buffer);
    if (length === null) return;
    const allowed = allow(length);
    for (let sent = 0; sent < allowed;) sent += await to.write(buffer.subarray(sent, allowed));
    if (allowed < length) return;
  }
}

/** What reading and writing say of a connection that one of the ends has closed. */
function ignoreEnds(error: unknown): void {
  const { BadResource, BrokenPipe, ConnectionReset, Interrupted } = Deno.errors;
  if (
    ![BadResource, BrokenPipe, ConnectionReset, Interrupted].some((one) => error instanceof one)
  ) {
    throw error;
  }
}
