/** Work at a steady rate, as users do it who do not wait for one another: pgbench with a schedule, and a log of each call. */

import { join } from "node:path";
import { DEBIAN_POSTGRES } from "../debian.ts";

export interface SteadyWork {
  /** A pgbench script; a call is one run of it. */
  script: string;
  databaseUrl: string;
  callsPerSecond: number;
  /** Ends by itself after so long. */
  seconds: number;
}

/** One run of the script. */
export interface Call {
  /** In ms since 1970. */
  endedAt: number;
  /** How long it took from when it was due: what waits for a connection has waited. */
  ms: number;
}

/** Work that is being done. */
export interface Working {
  /** Ends it. Answers its calls. */
  stop(): Promise<Call[]>;
}

const CLIENTS = 8;

/** Begins. @throws with what pgbench said, when it is stopped, where a call failed. */
export async function startWork(work: SteadyWork): Promise<Working> {
  const folder = await Deno.makeTempDir({ prefix: "edge-credits-bench-" });
  const script = join(folder, "script");
  await Deno.writeTextFile(script, work.script);
  const child = new Deno.Command(`${DEBIAN_POSTGRES}/pgbench`, {
    args: [
      ...["-n", "-M", "prepared", "-c", String(CLIENTS), "-T", String(work.seconds)],
      ...["-R", String(work.callsPerSecond), "-l", "--log-prefix", join(folder, "calls")],
      ...["-f", script, work.databaseUrl],
    ],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  let ended = false;
  child.status.then(() => ended = true);
  return {
    async stop() {
      try {
        if (ended) throw new Error(`pgbench ended by itself: ${await said}`);
        child.kill("SIGINT");
        await child.status;
        if (/aborted|ERROR/.test(await said)) throw new Error(`A call failed: ${await said}`);
        return await readCalls(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  };
}

/** Of `client transaction latency-µs script time-s time-µs lag-µs`; what was being written when it ended is left out. */
async function readCalls(folder: string): Promise<Call[]> {
  const calls: Call[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith("calls")) continue;
    const lines = (await Deno.readTextFile(join(folder, name))).split("\n").slice(0, -1);
    for (const line of lines) {
      const [, , latency, , seconds, micros] = line.split(" ").map(Number);
      calls.push({
        endedAt: (seconds ?? NaN) * 1000 + (micros ?? NaN) / 1000,
        ms: (latency ?? NaN) / 1000,
      });
    }
  }
  return calls;
}

/** The value below which `q` of the sorted values are. */
export function quantile(sorted: number[], q: number): number {
  return sorted[Math.floor(sorted.length * q)] ?? NaN;
}
