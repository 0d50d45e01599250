import { join } from "node:path";
import { StackError } from "./errors.ts";
import { readIfExists, remove, writePrivately } from "./files.ts";
import { publicKeySet, type Secrets } from "./keys.ts";
import type { Postgres } from "./postgres.ts";
import { freePort, signalChild, waitUntil, within } from "./process.ts";
import type { ProcessLog } from "./process_log.ts";
import type { Running } from "./supervised.ts";

/** A PostgREST that answers. */
export interface PostgREST extends Running {
  /** Where it listens, such as `http://127.0.0.1:40001`. */
  readonly origin: string;
}

/** What a PostgREST needs. */
export interface PostgrestOptions {
  command: string;
  /** The stack's folder. */
  dataDir: string;
  postgres: Postgres;
  secrets: Secrets;
  log: ProcessLog;
}

const startTimeoutMs = 20_000;
const questionTimeoutMs = 2_000;
const stopTimeoutMs = 5_000;

/**
 * Starts PostgREST and waits for its first good answer.
 *
 * @throws {StackError} with the end of its log when it gives none.
 */
export async function spawnPostgrest(
  options: PostgrestOptions,
  signal: AbortSignal,
): Promise<PostgREST> {
  for (let attempt = 1;; attempt++) {
    try {
      return await spawnOnPort(freePort(), options, signal);
    } catch (error) {
      // Another program may take the port between our look and PostgREST's bind.
      const taken = String(error).includes("Address already in use");
      if (!taken || attempt === 3) throw error;
    }
  }
}

async function spawnOnPort(
  port: number,
  options: PostgrestOptions,
  signal: AbortSignal,
): Promise<PostgREST> {
  const configuration = configurationPath(options.dataDir);
  await writePrivately(configuration, configure(port, options));
  const child = new Deno.Command(options.command, {
    args: [configuration],
    clearEnv: true,
    cwd: "/",
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    // Ctrl-C in a terminal goes to the whole process group; we end our parts in our own order.
    detached: true,
  }).spawn();
  const output = Promise.all([options.log.copy(child.stdout), options.log.copy(child.stderr)]);
  const ended = child.status.then(() => output);
  const origin = `http://127.0.0.1:${port}`;
  const stop = () => endProcess(child, ended);
  try {
    await writePrivately(pidPath(options.dataDir), `${child.pid}`);
    await Promise.race([
      waitUntil("PostgREST's first good answer", () => answers(origin, signal), startTimeoutMs),
      ended.then((lines) => {
        throw new StackError(`PostgREST did not start. It said:\n${lines.flat().join("\n")}`);
      }),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid, origin, ended, stop };
}

function configure(port: number, { postgres, secrets }: PostgrestOptions): string {
  return Object.entries({
    "server-host": "127.0.0.1",
    "server-port": port,
    "db-uri": postgres.url("authenticator"),
    "db-schemas": "public",
    "db-extra-search-path": "public, extensions",
    "db-anon-role": "anon",
    "db-pool": 20,
    "db-pool-acquisition-timeout": 10,
    "jwt-secret": JSON.stringify(publicKeySet(secrets)),
    // Verifying an ES256 signature takes this PostgREST longer than the query; it looks at the expiry all the same.
    "jwt-cache-max-lifetime": 60,
  }).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`).join("");
}

/** Until the schema is loaded PostgREST answers 503; a table that nobody has is its cheapest question. */
async function answers(origin: string, signal: AbortSignal): Promise<boolean> {
  try {
    // Without a database it holds the question for as long as it hopes for one.
    const patience = AbortSignal.any([signal, AbortSignal.timeout(questionTimeoutMs)]);
    const response = await fetch(`${origin}/is_it_ready`, { signal: patience });
    await response.body?.cancel();
    return response.status < 500;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TypeError) return false; // not listening yet
    if (error instanceof DOMException) return false; // no answer in time
    throw error;
  }
}

async function endProcess(child: Deno.ChildProcess, ended: Promise<unknown>): Promise<void> {
  signalChild(child, "SIGTERM");
  if (await within(ended.then(() => true), stopTimeoutMs, false)) return;
  signalChild(child, "SIGKILL");
  await ended;
}

/** Ends the PostgREST that a stack which was killed has left on this folder. */
export async function endLeftoverPostgrest(dataDir: string): Promise<void> {
  const pid = Number(await readIfExists(pidPath(dataDir)));
  if (!pid) return;
  const alive = async () => {
    const commandLine = await readIfExists(`/proc/${pid}/cmdline`);
    return commandLine?.split("\0").includes(configurationPath(dataDir)) ?? false;
  };
  if (await alive()) {
    Deno.kill(pid, "SIGKILL"); // It holds nothing that it could lose.
    await waitUntil(
      `The end of the left-over PostgREST ${pid}`,
      async () => !(await alive()),
      5_000,
    );
  }
  await remove(pidPath(dataDir));
}

function configurationPath(dataDir: string): string {
  return join(dataDir, "postgrest.conf");
}

function pidPath(dataDir: string): string {
  return join(dataDir, "postgrest.pid");
}
