/**
 * Everybody who may settle a generation, at once and on the same ones. Which of them gets a generation is chance; that one
 * of them does, and only one, is not.
 */

import { ok, strictEqual } from "node:assert/strict";
import type postgres from "postgres";
import { assertHealthy, assertLedger, assertSettledOnce } from "../support/ledger.ts";
import { connect } from "../support/stack.ts";
import { complete, expireOverdue, release, sweep, type Work } from "./sessions.ts";

const USERS = 50;
const GENERATIONS_EACH = 40;
const SESSIONS = 16;

/** How often a call is made again that met a busy account. */
const MAX_TRIES = 20;

interface Generation {
  id: string;
  token: string;
}

/** What one kind of actor has won, and what went wrong for it. */
interface Score {
  settled: number;
  busy: number;
  unexpected: string[];
}

Deno.test("two sweepers, a worker, a callback, an operator and reads settle each of 2,000 generations exactly once", async () => {
  const sql = connect({ max: SESSIONS });
  try {
    const users = Array.from({ length: USERS }, () => crypto.randomUUID());
    const generations = await overdueGenerations(sql, users);
    strictEqual(generations.length, USERS * GENERATIONS_EACH);

    const sweeper = score(), worker = score(), callback = score(), operator = score();
    const reader = score();
    await Promise.all([
      ...[1, 2].map(() => sweepUntilNoneIsLeft(sql, sweeper, users)),
      ...each(generations, 4, worker, sql, ({ id, token }) => complete(id, token)),
      ...each(generations, 4, callback, sql, callBack),
      ...each(generations, 4, operator, sql, ({ id }) => release(id)),
      ...each(users, 1, reader, sql, expireOverdue),
    ]);

    // First what must hold whatever the actors were told.
    await assertSettledOnce(sql, users);
    for (const user of users) await assertLedger(sql, user);
    const scores = { sweeper, worker, callback, operator, reader };
    for (const [actor, { unexpected }] of Object.entries(scores)) {
      strictEqual(unexpected.join("\n"), "", `what the ${actor} was told`);
    }
    // Its own count has what former tests left overdue, too.
    const [swept] = await sql`
      select count(*)::integer as settled from account_events
      where user_id = any (${users}::uuid[]) and type = 'generation.expired' and actor = 'sweeper'`;
    sweeper.settled = swept?.["settled"];
    const settled = Object.values(scores).map((each) => each.settled);
    strictEqual(settled.reduce((sum, each) => sum + each), generations.length, "who settled what");
    ok(settled.filter((each) => each > 0).length >= 2, `only one of them won: ${settled}`);
    await assertHealthy(sql);
    const counts = Object.entries(scores).map(([actor, { settled, busy }]) =>
      `${actor} ${settled} (${busy} times busy)`
    );
    // deno-lint-ignore no-console -- who won is chance: it should be seen.
    console.log(counts.join(", "));
  } finally {
    await sql.end();
  }
});

const score = (): Score => ({ settled: 0, busy: 0, unexpected: [] });

/** The same message of the provider each time: its token, and a key of its own. */
const callBack = ({ id, token }: Generation): Work => (sql) =>
  sql`select complete_generation(
    ${id}, p_lease_token => ${token}, p_idempotency_key => ${`msg_${id}`}
  ) as answer`;

/** Generations that anybody may settle: their worker is late, and holds its lease's token still. */
async function overdueGenerations(sql: postgres.Sql, users: string[]): Promise<Generation[]> {
  await sql`
    insert into profiles (id, credits)
    select id, ${GENERATIONS_EACH} from unnest(${users}::uuid[]) id`;
  const rows = await sql<{ answer: { generation_id: string; lease_token: string } }[]>`
    select submit_generation(id, 'draft', '{"prompt":"x"}', p_lease_seconds => 60) as answer
    from unnest(${users}::uuid[]) id, generate_series(1, ${GENERATIONS_EACH}::integer)`;
  await sql`
    update generation_jobs set lease_expires_at = now() - interval '1 second'
    where user_id = any (${users}::uuid[])`;
  return rows.map(({ answer }) => ({ id: answer.generation_id, token: answer.lease_token }));
}

/** Has so many sessions do something to every item, in an order of chance. */
function each<T>(
  items: T[],
  sessions: number,
  score: Score,
  sql: postgres.Sql,
  work: (item: T) => Work,
): Promise<void>[] {
  const rest = shuffled(items);
  return Array.from({ length: sessions }, async () => {
    for (let item = rest.pop(); item !== undefined; item = rest.pop()) {
      await attempt(sql, score, work(item));
    }
  });
}

async function sweepUntilNoneIsLeft(
  sql: postgres.Sql,
  score: Score,
  users: string[],
): Promise<void> {
  const left = async () => {
    const [row] = await sql`
      select from generation_jobs
      where user_id = any (${users}::uuid[]) and finished_at is null limit 1`;
    return row !== undefined;
  };
  while (await left()) await attempt(sql, score, sweep(5));
}

/** Makes one call, again while the account is busy, and notes what came of it. */
async function attempt(sql: postgres.Sql, score: Score, work: Work): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      const [row] = await work(sql);
      return note(score, row?.["answer"]);
    } catch (error) {
      const { code, message } = error as postgres.PostgresError;
      // Somebody else held the account for half a second: nothing has happened, and the caller may try again.
      if (code !== "55P03" || tries === MAX_TRIES) {
        score.unexpected.push(`${code}: ${message}`);
        return;
      }
      score.busy++;
    }
  }
}

interface Answer {
  success: boolean;
  error?: string;
  replayed?: boolean;
  expired?: number;
  failed?: number;
}

function note(score: Score, answer: Answer): void {
  if (!answer.success) {
    if (answer.error !== "GENERATION_ALREADY_SETTLED") {
      score.unexpected.push(String(answer.error));
    }
  } else if (answer.failed) score.unexpected.push(`${answer.failed} could not be expired`);
  else score.settled += answer.expired ?? 1;
}

function shuffled<T>(items: T[]): T[] {
  return items.map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b).map(([, item]) => item);
}
