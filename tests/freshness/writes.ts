/** Every kind of event, as a write that is answered: afterwards the account knows what must be seen. */

import type postgres from "postgres";
import { stack } from "../support/stack.ts";
import type { Account } from "./account.ts";

export interface Writer {
  /** The worker that writes. */
  origin: string;
  sql: postgres.Sql;
}

export type Write = (account: Account, writer: Writer) => Promise<void>;

function over(
  method: string,
  path: string,
  body: (account: Account) => unknown,
  after: (account: Account, answer: Record<string, unknown>) => void = () => {},
  headers: Record<string, string> = {},
): Write {
  return async (account, { origin }) => {
    const answer = await account.request(method, origin + path, { body: body(account), headers });
    if (answer.status !== 200) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    account.moved(answer.body);
    after(account, answer.body);
  };
}

const operator = { apikey: stack.secretKey };
const settles = (account: Account, answer: Record<string, unknown>) => {
  account.generation = { id: String(answer["generation_id"]), status: String(answer["status"]) };
};

const reserve = over("POST", "/check-and-deduct-credit", () => ({ type: "draft" }), settles);
const settle = (outcome: object) =>
  over(
    "POST",
    "/operations/settlements",
    ({ generation }) => ({ generation_id: generation?.id, ...outcome }),
    settles,
    operator,
  );
const grant = (amount: number) =>
  over(
    "POST",
    "/operations/grants",
    ({ id }) => ({ user_id: id, amount, reason: "a test" }),
    () => {},
    operator,
  );

/** By a connection of the app's own. */
const submit: Write = async (account, { sql }) => {
  const [row] = await sql`
    select submit_generation(${account.id}, 'draft', '{"prompt": "a fox"}') as answer`;
  account.moved(row?.["answer"]);
  settles(account, row?.["answer"]);
};

const backdate = (account: Account, sql: postgres.Sql, by: string) =>
  sql`
    update generation_jobs set deadline_at = clock_timestamp() - ${by}::interval
    where id = ${account.generation?.id ?? null}`;

let sweeping = Promise.resolve();

/**
 * The sweeper, which takes the oldest first: by far the one that is made overdue here. One at a time: of two, one could take
 * the other's, and the other what only a read is to find.
 */
const sweep: Write = (account, { sql }) => {
  const swept = sweeping.then(async () => {
    await backdate(account, sql, "10 years");
    await sql`select refund_stuck_generations(1)`;
    const [row] = await sql`
      select j.status, p.version, p.credits from generation_jobs j join profiles p on p.id = j.user_id
      where j.id = ${account.generation?.id ?? null}`;
    if (row?.["status"] !== "expired") throw new Error(`The sweeper left it ${row?.["status"]}`);
    account.moved({ version: row["version"], credits: row["credits"] });
    account.generation!.status = "expired";
  });
  sweeping = swept.catch(() => {});
  return swept;
};

/** Nobody sweeps: the read itself is to find it, and expire it. */
const fallDue: Write = async (account, { sql }) => {
  await backdate(account, sql, "1 hour");
  account.moved({ version: account.version + 1, credits: account.credits + 1 });
  account.generation!.status = "expired";
};

const recordChange: Write = async (account, { sql }) => {
  const [row] = await sql`select record_change(${account.id}, 'a test') as answer`;
  account.moved(row?.["answer"]);
};

/** Of an old function, say; it takes private.settings.direct_writes = 'record'. */
const directWrite: Write = async (account, { sql }) => {
  const [row] = await sql`
    update profiles set credits = credits + 3 where id = ${account.id} returning version, credits`;
  account.moved(row as unknown as { version: number; credits: number });
};

const setPreferences = over(
  "PUT",
  "/account/preferences/orders",
  ({ muted }) => ({ muted: !muted }),
  (account, answer) => account.muted = Boolean(answer["muted"]),
);

/** One after the other, a cycle that can begin again. */
export const CYCLE: readonly [name: string, write: Write][] = [
  ["reserve", reserve],
  ["complete", settle({ outcome: "completed", cost: 0 })],
  ["reserve", reserve],
  ["fail", settle({ outcome: "failed" })],
  ["grant", grant(5)],
  ["reserve", reserve],
  ["release", over("POST", "/refund-credit", () => ({}), settles)],
  ["adjust", grant(-5)],
  ["submit", submit],
  ["sweep", sweep],
  ["record_change", recordChange],
  ["direct write", directWrite],
  ["set preferences", setPreferences],
  ["submit", submit],
  ["fall due", fallDue],
];

/** What goes through the functions, and so through whatever they do after an answer. */
export const HTTP_CYCLE: typeof CYCLE = CYCLE.filter(([name]) =>
  !["submit", "sweep", "record_change", "direct write", "fall due"].includes(name)
);
