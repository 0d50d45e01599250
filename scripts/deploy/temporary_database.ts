import { loadSecrets } from "../stack/keys.ts";
import { pushMigrations } from "../stack/migrations.ts";
import { preparePlace } from "../stack/place.ts";
import { startPostgres } from "../stack/postgres.ts";
import { type Log, postgresFolder, supabaseCommand } from "../stack/tools.ts";

/** A database as the platform gives it to a new project, without the rest of the stack. */
export interface TemporaryDatabase extends AsyncDisposable {
  /** Connects as postgres. */
  readonly url: string;
  /** Connects as the superuser. */
  readonly adminUrl: string;
}

export interface TemporaryDatabaseOptions {
  /** `17`, `18`, or the bin folder of an installed server. */
  postgres: string;
  /** Whether our migrations are applied. The seed never is. */
  migrations: boolean;
  log?: Log;
}

/** Starts a server on any free port, in a folder of its own; both are gone when it is disposed of. */
export async function startTemporaryDatabase(
  options: TemporaryDatabaseOptions,
): Promise<TemporaryDatabase> {
  const log = options.log ?? (() => {});
  await using parts = new AsyncDisposableStack();
  const dataDir = await Deno.makeTempDir({ prefix: "edge-credits-" });
  parts.defer(() => Deno.remove(dataDir, { recursive: true }));
  const secrets = await loadSecrets(dataDir);
  const programs = await postgresFolder(options.postgres, log);
  const place = await preparePlace({ programs, dataDir, instance: secrets.instance });
  // Started by root, Postgres may keep its data outside of ours.
  if (!place.folder.startsWith(dataDir)) {
    parts.defer(() => Deno.remove(place.folder, { recursive: true }));
  }
  const server = await startPostgres(place, secrets, log);
  parts.defer(() => server.stop("immediate"));
  const url = server.url("postgres");
  if (options.migrations) {
    const command = await supabaseCommand(log);
    await pushMigrations({ command, databaseUrl: url, dataDir, seed: false });
  }
  const running = parts.move();
  return {
    url,
    adminUrl: server.url("supabase_admin"),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
