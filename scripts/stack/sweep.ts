import postgres from "postgres";
import type { Log } from "./tools.ts";

const intervalMs = 60_000;
const batch = 1000;

/** Does every minute what pg_cron does on the platform, where the server has no pg_cron. Returns how to end it. */
export function sweepEveryMinute(databaseUrl: string, log: Log): () => Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  let sweeping: Promise<void> | undefined;
  const sweepNow = () => {
    sweeping ??= sweep(sql)
      .catch((error) => log(`The sweep failed, and is tried again in a minute: ${error}`))
      .finally(() => sweeping = undefined);
  };
  const timer = setInterval(sweepNow, intervalMs);
  sweepNow(); // of what fell due while the stack was down
  return async () => {
    clearInterval(timer);
    await sql.end({ timeout: 1 });
    await sweeping;
  };
}

/** One run: batches until there is no more, each its own transaction. */
async function sweep(sql: postgres.Sql): Promise<void> {
  let run: string | null = null;
  let more = true;
  while (more) {
    const [row]: { run: string; more: boolean }[] = await sql`
      select answer ->> 'run' as run, (answer -> 'more')::boolean as more
      from public.refund_stuck_generations(${batch}, ${run}) answer`;
    if (!row) throw new Error("refund_stuck_generations answered nothing");
    ({ run, more } = row);
  }
  await sql`select private.trim_notifications(), private.compact_metrics()`;
}
