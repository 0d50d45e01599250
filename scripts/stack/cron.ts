/** pg_cron, for the servers that it is installed for: set up as the platform does. */
import type postgres from "postgres";

/** Whether pg_cron is not there, could be loaded, or is loaded. */
export type CronState = "missing" | "installed" | "loaded";

/**
 * Lines of postgresql.conf, harmless where pg_cron is not loaded. Its background workers need no connection and so no
 * password, and a `do` block may commit in them (seen with pg_cron 1.4 on Postgres 15).
 */
export const cronSettings = `cron.database_name = 'postgres'
cron.use_background_workers = on
`;

/** Loads pg_cron from the server's next start on. */
export const preloadCron = "alter system set shared_preload_libraries = 'pg_cron'";

/** Creates the extension and grants what the platform grants: the role postgres schedules, and sees what ran. */
export const createCron = `
create extension if not exists pg_cron;
grant usage on schema cron to postgres with grant option;
grant all on all functions in schema cron to postgres with grant option;
grant all on all tables in schema cron to postgres with grant option;
revoke all on cron.job from postgres;
grant select on cron.job to postgres with grant option;
`;

/** Asks the server. */
export async function findCron(sql: postgres.Sql): Promise<CronState> {
  const [row] = await sql<{ loaded: boolean }[]>`
    select current_setting('shared_preload_libraries') like '%pg_cron%' as loaded
    from pg_available_extensions where name = 'pg_cron'`;
  if (!row) return "missing";
  return row.loaded ? "loaded" : "installed";
}
