import postgres from "postgres";
import type { Log } from "./tools.ts";

const intervalMs = 60_000;
const batch = 1000;

/** Does every minute what pg_cron does on the platform, where the server has no pg_cron. Returns how to end it. */
export function sweepEveryMinute(databaseUrl: string, log: Log): () => Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  let sweeping: Promise<void> | undefined;
  const timer = setInterval(() => {
    sweeping ??= sweep(sql)
      .catch((error) => log(`The sweep failed, and is tried again in a minute: ${error}`))
      .finally(() => sweeping = undefined);
  }, intervalMs);
  return async () => {
    clearInterval(timer);
    await sql.end({ timeout: 1 });
    await sweeping;
  };
}

async function sweep(sql: postgres.Sql): Promise<void> {
  let expired = batch;
  while (expired >= batch) {
    const [row] = await sql<{ expired: number }[]>`
      select (public.refund_stuck_generations(${batch}) ->> 'expired')::int as expired`;
    expired = row?.expired ?? 0;
  }
}
