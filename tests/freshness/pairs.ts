/**
 * Pairs of a write and a read of the same account: the read goes to another worker, which has given an older answer to the
 * same question, and begins when the write has been answered. What it answers is stale if its version is lower than the
 * one that the write answered, or if it does not show what was written.
 */

import type postgres from "postgres";
import type { Account, Answer } from "./account.ts";
import { type Read, READS } from "./reads.ts";
import { CYCLE } from "./writes.ts";

export interface PairsOptions {
  /** Of the workers, two or more. */
  origins: string[];
  sql: postgres.Sql;
  accounts: Account[];
  /** How many in all. */
  pairs: number;
  cycle?: typeof CYCLE;
  reads?: readonly Read[];
  /** Told now and then how many there have been. */
  progress?: (pairs: number) => void;
}

export interface Outcome {
  pairs: number;
  /** Of these, how many reads went to a worker that had given an older answer: only they can be stale. */
  warm: number;
  stale: number;
  /** What was stale, of the first few. */
  examples: string[];
  /** Warm pairs by write and read. */
  combinations: Map<string, number>;
}

/** Accounts go on side by side; the writes and reads of one follow one another. */
export async function runPairs(options: PairsOptions): Promise<Outcome> {
  const outcome: Outcome = {
    pairs: 0,
    warm: 0,
    stale: 0,
    examples: [],
    combinations: new Map(),
  };
  const each = Math.ceil(options.pairs / options.accounts.length);
  const waiting = [...options.accounts.entries()];
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [offset, account] = next;
      for (let i = 0; i < each; i++) await runPair(account, i, offset, options, outcome);
    }
  }));
  return outcome;
}

const SIDE_BY_SIDE = 12;

async function runPair(
  account: Account,
  turn: number,
  offset: number,
  { origins, sql, cycle = CYCLE, reads = READS, progress }: PairsOptions,
  outcome: Outcome,
): Promise<void> {
  const [writeName, write] = cycle[turn % cycle.length]!;
  // Numbers that go round at different speeds, so that every write meets every read.
  const read = reads[(turn + Math.floor(turn / cycle.length) + offset) % reads.length]!;
  const writer = (turn + offset) % origins.length;
  const reader = (writer + 1 + turn % (origins.length - 1)) % origins.length;
  const origin = origins[reader]!;

  const before = read.path(account);
  if (before !== null && !account.asked.has(origin + before)) {
    const first = await account.request("GET", origin + before);
    if (first.status !== 200) throw new Error(`${before}: ${JSON.stringify(first)}`);
    if (read.name === "history, a page") read.lacks(account, first.body);
    account.asked.set(origin + before, first.etag ?? "");
  }
  await write(account, { origin: origins[writer]!, sql });

  const path = read.path(account);
  if (path === null) return;
  const older = account.asked.get(origin + path);
  const headers: Record<string, string>[] = [
    {},
    { "x-min-version": account.position },
    older ? { "if-none-match": older } : {},
  ];
  const answer = await account.request("GET", origin + path, {
    headers: headers[Math.floor(turn / 2) % headers.length]!,
  });
  if (answer.etag !== null) account.asked.set(origin + path, answer.etag);

  outcome.pairs++;
  if (older !== undefined) {
    outcome.warm++;
    const combination = `${writeName} → ${read.name}`;
    outcome.combinations.set(combination, (outcome.combinations.get(combination) ?? 0) + 1);
  }
  const fault = faultOf(account, read, answer);
  if (fault !== null) {
    outcome.stale++;
    if (outcome.examples.length < 5) {
      outcome.examples.push(`after ${writeName}, GET ${path}: ${fault}`);
    }
  }
  if (progress && outcome.pairs % 1000 === 0) progress(outcome.pairs);
}

function faultOf(account: Account, read: Read, { status, body }: Answer): string | null {
  if (status === 304) return "304 for an older answer";
  if (status !== 200) throw new Error(`${read.name}: ${status} ${JSON.stringify(body)}`);
  if (body.epoch !== account.epoch) throw new Error(`The epoch is ${body.epoch}`);
  if (body.version < account.version) return `version ${body.version}, not ${account.version}`;
  // Nobody else writes to these accounts.
  if (body.version > account.version) throw new Error(`Version ${body.version}: who wrote?`);
  if (body.credits !== account.credits) return `${body.credits} credits, not ${account.credits}`;
  return read.lacks(account, body);
}
