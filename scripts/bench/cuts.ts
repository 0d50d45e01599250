/** Many streams that are cut at random places: what the test and the bench of it do. */

import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { randomFrom, startCuttingProxy } from "./cutting_proxy.ts";
import { ExactClient } from "./exact_client.ts";

/** Each stream's account has so many events in a transaction; then comes a notification that all streams hear. */
const ROUND = 5;

export interface Place {
  /** The API, such as `http://127.0.0.1:54321`. */
  url: string;
  publishableKey: string;
  databaseUrl: string;
}

export interface CutsOptions {
  streams: number;
  /** Of the streams' own accounts, in all. */
  events: number;
  /** A connection is cut after so many bytes at most. */
  maxBytes: number;
  seed: number;
}

export interface CutsOutcome {
  cuts: number;
  connections: number;
  /** What was received, by all streams. */
  received: number;
  /** What was there to receive. */
  expected: number;
  resets: number;
  seconds: number;
}

/** @throws when a client received what did not follow, or came to the end too late. */
export async function cutStreams(place: Place, options: CutsOptions): Promise<CutsOutcome> {
  const { streams, events, maxBytes, seed } = options;
  const sql = postgres(place.databaseUrl, { max: 2, onnotice: () => {} });
  await using proxy = startCuttingProxy(place.url, maxBytes, randomFrom(seed));
  const topic = `cuts-${crypto.randomUUID().slice(0, 8)}`;
  await sql`insert into topics (name, dedup_seconds) values (${topic}, 0)`;

  const users: { id: string; token: string }[] = [];
  for (let i = 0; i < streams; i++) users.push(await newUser(place));
  const clients = users.map(({ token }) =>
    new ExactClient({
      functionsUrl: `${proxy.url}/functions/v1`,
      topics: ["account", topic],
      token: () => token,
    })
  );
  const startedAt = performance.now();
  try {
    await Promise.all(clients.map((client) => client.until(() => client.at.size === 2, "greeted")));
    const ids = users.map(({ id }) => id).toSorted();
    const each = Math.ceil(events / streams);
    for (let done = 0; done < each; done += ROUND) {
      const count = Math.min(ROUND, each - done);
      await sql`
        select grant_credits(id::uuid, 1, 'cut ' || n)
        from unnest(${ids}::text[]) id, generate_series(1, ${count}::integer) n
        order by id, n`;
      await sql`select publish_notification(${topic}, 'cut', ${String(done)}, 'x')`;
    }
    const versions = new Map(
      (await sql`select id, version from profiles where id = any(${ids}::uuid[])`)
        .map(({ id, version }) => [id as string, Number(version)]),
    );
    const [shared] = await sql`select version from topics where name = ${topic}`;
    proxy.spare();
    await Promise.all(
      clients.map((client, index) =>
        client.reaches({
          account: versions.get(users[index]!.id)!,
          [topic]: Number(shared!["version"]),
        })
      ),
    );
    const sum = (of: (client: ExactClient) => number) =>
      clients.reduce((sum, client) => sum + of(client), 0);
    return {
      cuts: proxy.cuts,
      connections: sum(({ connections }) => connections),
      received: sum((client) => client.events),
      expected: streams * (each + Number(shared!["version"])),
      resets: sum(({ resets }) => resets),
      seconds: (performance.now() - startedAt) / 1000,
    };
  } finally {
    for (const client of clients) client.close();
    await sql`delete from topics where name = ${topic}`;
    await sql.end();
  }
}

async function newUser({ url, publishableKey }: Place): Promise<{ id: string; token: string }> {
  const client = createClient(url, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
  const { data, error } = await client.auth.signInAnonymously();
  if (error || !data.session) throw error ?? new Error("The sign-in gave no session");
  return { id: data.session.user.id, token: data.session.access_token };
}
