/** The whole platform on this machine: composes the parts, and ends them in the reverse order. */
import { join, resolve } from "node:path";
import { Auth } from "./auth.ts";
import { StackError } from "./errors.ts";
import { EnvFile } from "./env_file.ts";
import { lockFolder, remove } from "./files.ts";
import { functionsEnvironment } from "./functions_environment.ts";
import { Gateway } from "./gateway.ts";
import { startImageServer } from "./image_thread.ts";
import { loadSecrets, type Secrets, tokenSigner } from "./keys.ts";
import { pushMigrations } from "./migrations.ts";
import { preparePlace } from "./place.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import { endLeftoverPostgrest, type PostgREST, spawnPostgrest } from "./postgrest.ts";
import { ProcessLog } from "./process_log.ts";
import { Realtime } from "./realtime.ts";
import { Supervised } from "./supervised.ts";
import { sweepEveryMinute } from "./sweep.ts";
import { type Log, postgresFolder, postgrestCommand, supabaseCommand } from "./tools.ts";
import { Workers } from "./workers.ts";

/** What kind of stack to start. */
export interface StackOptions {
  /** The API's port on 127.0.0.1; 0 for any free one. */
  port: number;
  /** Keeps data, keys and logs; made when it does not exist. One stack at a time. */
  dataDir: string;
  /** How many processes serve the functions. */
  workers: number;
  /** `17`, `18`, or the bin folder of an installed server. */
  postgres: string;
  /** Whether the functions are told what `supabase/functions/.env` says; no when left out. */
  ownSecrets?: boolean;
  /** Whether its database is removed when it ends, and when it does not start; no when left out. */
  temporary?: boolean;
  /** More environment for the functions; goes before everything else. */
  workerEnv?: Record<string, string>;
  /** Whether supabase/seed.sql is run; true when left out. */
  seed?: boolean;
  /** Whether the stack sweeps by itself where pg_cron does not; true when left out. */
  sweep?: boolean;
  /** Takes lines of progress and of trouble; nothing is shown when left out. */
  log?: Log;
  /** Gives up a start that is under way. */
  signal?: AbortSignal;
}

/** A running stack. */
export interface Stack {
  /** The API, such as `http://127.0.0.1:54321`. */
  readonly url: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  /** Connects as the role postgres. */
  readonly databaseUrl: string;
  /** The path of the dotenv file with all of this; there while the stack runs. */
  readonly envFile: string;
  /** The folder with a log for each part. */
  readonly logsDir: string;
  /** Such as `http://127.0.0.1:40001`; the images API is at `/v1/images/generations`. */
  readonly imageServerUrl: string;
  /** The server, to stop and start under the stack's feet. */
  readonly postgres: Postgres;
  /** The process ids of the functions' workers that are alive. */
  functionsPids(): number[];
  /** Ends everything; the second call waits for the first. */
  stop(): Promise<void>;
}

/**
 * Starts everything and returns when everything answers. When a part does not start, ends the others.
 *
 * @throws {StackError} in words for a person, for all that a person can put right.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  await using parts = new AsyncDisposableStack();
  const stack = await compose(options, parts);
  const running = parts.move();
  let stopping: Promise<void> | undefined;
  return { ...stack, stop: () => stopping ??= running.disposeAsync() };
}

/** What the parts are made with. Each part adds to `parts` how it is ended. */
interface Context {
  options: StackOptions;
  parts: AsyncDisposableStack;
  log: Log;
  dataDir: string;
  logsDir: string;
  secrets: Secrets;
}

async function compose(
  options: StackOptions,
  parts: AsyncDisposableStack,
): Promise<Omit<Stack, "stop">> {
  const log = options.log ?? (() => {});
  const dataDir = resolve(options.dataDir);
  const logsDir = join(dataDir, "logs");
  try {
    await Deno.mkdir(logsDir, { recursive: true });
  } catch (error) {
    throw new StackError(
      `The folder ${dataDir} cannot be made: ${error instanceof Error ? error.message : error}`,
    );
  }
  const lock = await lockFolder(dataDir);
  parts.defer(() => lock.close());
  const gateway = new Gateway(options.port);
  parts.defer(() => gateway.close());
  const secrets = await loadSecrets(dataDir);
  const context = { options, parts, log, dataDir, logsDir, secrets };

  const envFile = new EnvFile(join(dataDir, "env"));
  await envFile.remove(); // of a stack that was killed
  parts.defer(() => envFile.remove());

  const postgres = await startDatabase(context);
  const databaseUrl = postgres.url("postgres");
  const rest = await startRest(context, postgres);
  const images = await startImageServer({
    apiKey: secrets.imageServerKey,
    callbackSecret: secrets.callbackSecret,
  });
  parts.defer(() => images.stop());

  const issuer = `${gateway.url}/auth/v1`;
  const signToken = await tokenSigner(secrets, issuer);
  const authUrl = postgres.url("supabase_auth_admin");
  const auth = new Auth({ databaseUrl: authUrl, secrets, signToken, issuer, log });
  parts.defer(() => auth.close());
  await auth.check();
  const realtime = new Realtime({ databaseUrl, verify: (token) => auth.verify(token), log });
  parts.defer(() => realtime.close());

  const writeEnvFile = (workers: Workers) =>
    envFile.write({
      SUPABASE_URL: gateway.url,
      SUPABASE_PUBLISHABLE_KEY: secrets.publishableKey,
      SUPABASE_SECRET_KEY: secrets.secretKey,
      SUPABASE_DB_URL: databaseUrl,
      IMAGE_SERVER_URL: images.url,
      FUNCTIONS_PIDS: workers.pids().join(","),
    });
  const onChange = () => {
    writeEnvFile(workers).catch((error) => log(`${envFile.path} could not be written: ${error}`));
  };
  const urls = { url: gateway.url, databaseUrl, imageServerUrl: images.url };
  const workers: Workers = await startFunctions(context, urls, onChange);

  gateway.open({
    auth,
    realtime,
    signToken,
    secrets,
    restOrigins: () => rest.current ? [rest.current.origin] : [],
    functionsOrigins: () => workers.origins(),
  });
  // The first to go, so that nothing is asked of parts that are ending.
  parts.defer(() => gateway.close());
  await writeEnvFile(workers);
  options.signal?.throwIfAborted();

  return {
    ...urls,
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    envFile: envFile.path,
    logsDir,
    postgres,
    functionsPids: () => workers.pids(),
  };
}

/** Postgres with the migrations applied, and with somebody who sweeps. */
async function startDatabase(context: Context): Promise<Postgres> {
  const { options, parts, log, dataDir, logsDir, secrets } = context;
  const programs = await postgresFolder(options.postgres, log);
  const supabase = await supabaseCommand(log);
  options.signal?.throwIfAborted();

  const place = await preparePlace({ programs, dataDir, instance: secrets.instance });
  // Started by root, Postgres may keep its data outside of dataDir.
  if (options.temporary) parts.defer(() => remove(place.folder));
  const postgres = await startPostgres(place, secrets, log);
  parts.defer(() => postgres.stop());
  log(
    `Postgres ${postgres.version} runs on port ${postgres.port}, its data are in ${place.folder}`,
  );
  const logLink = join(logsDir, "postgres.log");
  await remove(logLink);
  await Deno.symlink(join(place.folder, "postgres.log"), logLink);
  options.signal?.throwIfAborted();

  log("applying migrations");
  const databaseUrl = postgres.url("postgres");
  const seed = options.seed ?? true;
  await pushMigrations({ command: supabase, databaseUrl, dataDir, seed });
  options.signal?.throwIfAborted();

  if (!postgres.hasCron && options.sweep !== false) {
    log("pg_cron is not installed for this server: the stack itself runs the sweep, every minute");
    parts.defer(sweepEveryMinute(databaseUrl, log));
  }
  return postgres;
}

/** PostgREST, started after the migrations so that it reads the final schema. */
async function startRest(context: Context, postgres: Postgres): Promise<Supervised<PostgREST>> {
  const { options, parts, log, dataDir, logsDir, secrets } = context;
  const command = await postgrestCommand(log);
  options.signal?.throwIfAborted();
  log("starting PostgREST");
  await endLeftoverPostgrest(dataDir);
  const output = parts.adopt(new ProcessLog(join(logsDir, "postgrest.log")), closeLog);
  const rest = await Supervised.start({
    name: "PostgREST",
    spawn: (signal) => spawnPostgrest({ command, dataDir, postgres, secrets, log: output }, signal),
    log,
  });
  parts.defer(() => rest.stop());
  options.signal?.throwIfAborted();
  return rest;
}

async function startFunctions(
  context: Context,
  urls: { url: string; databaseUrl: string; imageServerUrl: string },
  onChange: () => void,
): Promise<Workers> {
  const { options, parts, log, logsDir, secrets } = context;
  log(
    `starting ${options.workers} worker process${options.workers === 1 ? "" : "es"} for functions`,
  );
  const { ownSecrets = false } = options;
  const env = {
    ...await functionsEnvironment({ ...urls, secrets, ownSecrets }),
    ...options.workerEnv,
  };
  const output = parts.adopt(new ProcessLog(join(logsDir, "functions.log")), closeLog);
  const workers = await Workers.start({ count: options.workers, env, output, log, onChange });
  parts.defer(() => workers.stop());
  return workers;
}

function closeLog(log: ProcessLog): void {
  log.close();
}
