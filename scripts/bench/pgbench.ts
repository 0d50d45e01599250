/** Debian's pgbench, and what becomes of its figures. */

import { DEBIAN_POSTGRES } from "../debian.ts";

export interface Load {
  /** What it is called in tables. */
  name: string;
  /** A pgbench script. */
  script: string;
  /** Where it runs. */
  databaseUrl: string;
}

export interface Settings {
  clients: number;
  seconds: number;
  /** The core that pgbench itself runs on; any when left out. */
  core?: number;
}

/** Transactions per second of one load, run alone. @throws with what pgbench said when a transaction failed. */
export async function rate(
  load: Load,
  { clients, seconds, core }: Settings,
): Promise<number> {
  const file = await Deno.makeTempFile({ suffix: ".pgbench" });
  try {
    await Deno.writeTextFile(file, load.script);
    const pgbench = `${DEBIAN_POSTGRES}/pgbench`;
    const isPinned = core !== undefined;
    const { success, stdout, stderr } = await new Deno.Command(isPinned ? "taskset" : pgbench, {
      args: [
        ...(isPinned ? ["-c", String(core), pgbench] : []),
        ...["-n", "-M", "prepared", "-c", String(clients), "-j", "2", "-T", String(seconds)],
        ...["-f", file, load.databaseUrl],
      ],
    }).output();
    const said = new TextDecoder().decode(stdout);
    const tps = /^tps = ([\d.]+)/m.exec(said)?.[1];
    if (!success || tps === undefined) {
      throw new Error(`pgbench failed with ${load.name}: ${new TextDecoder().decode(stderr)}`);
    }
    return Number(tps);
  } finally {
    await Deno.remove(file);
  }
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2;
}

/**
 * The loads one after the other, in rounds, so that whatever else the machine does meanwhile does it to all of them.
 * Answers the rates by load, in the order of the rounds; the first round warms up and is not counted.
 */
export async function interleaved(
  loads: Load[],
  rounds: number,
  settings: Settings,
  log: (line: string) => void,
): Promise<number[][]> {
  const rates: number[][] = loads.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, load] of loads.entries()) {
      const tps = await rate(load, settings);
      if (round > 0) rates[index]?.push(tps);
    }
    const last = rates.map((of) => Math.round(of.at(-1) ?? 0)).join(", ");
    log(round === 0 ? "warmed up" : `round ${round}: ${last} per second`);
  }
  return rates;
}
