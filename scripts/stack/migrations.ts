import { join } from "node:path";
import { repositoryRoot } from "./files.ts";
import { inherited, runOrFail } from "./process.ts";

/** What is applied, and where. */
export interface PushOptions {
  /** The path of the `supabase` command. */
  command: string;
  /** Connects as postgres. */
  databaseUrl: string;
  /** The stack's folder. */
  dataDir: string;
  /** Whether supabase/seed.sql is run, too. */
  seed: boolean;
}

/**
 * Applies the migrations, and the seed, that the database has not had yet, by the real CLI.
 *
 * @throws {StackError} with all that the CLI said.
 */
export async function pushMigrations(options: PushOptions): Promise<void> {
  await runOrFail("supabase db push", options.command, {
    args: [
      "db",
      "push",
      ...(options.seed ? ["--include-seed"] : []),
      "--yes",
      `--remote=${options.databaseUrl}`,
      `--workdir=${repositoryRoot}`,
    ],
    env: {
      ...inherited("PATH", "HOME"),
      // Its own notes go where ours are, not into the home folder; and it looks for nothing on the network.
      SUPABASE_HOME: join(options.dataDir, "supabase-cli"),
      SUPABASE_NO_UPDATE_NOTIFIER: "1",
      SUPABASE_TELEMETRY_DISABLED: "1",
      DO_NOT_TRACK: "1",
      PGSSLMODE: "disable",
    },
  });
}
