import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StackError } from "./errors.ts";
import { repositoryRoot } from "./files.ts";
import { signalChild, within } from "./process.ts";
import type { ProcessLog } from "./process_log.ts";
import { type Running, Supervised } from "./supervised.ts";
import type { Log } from "./tools.ts";

/** The folder of the functions that are served. */
export const functionsFolder = join(repositoryRoot, "supabase/functions");

interface Worker extends Running {
  readonly origin: string;
}

/** What the workers need. */
export interface WorkersOptions {
  count: number;
  /** The whole environment of the functions. */
  env: Record<string, string>;
  output: ProcessLog;
  log: Log;
  /** Called when the list of processes has changed. */
  onChange(): void;
}

// A first start may have to fetch the functions' packages.
const startTimeoutMs = 120_000;
// Longer than a worker gives its own background work.
const stopTimeoutMs = 7_000;

/** The processes that serve the functions. They share nothing, as isolates of the platform don't. */
export class Workers {
  readonly #workers: Supervised<Worker>[];
  #turn = 0;

  /** Starts all workers; when one does not start, ends the others and throws. */
  static async start(options: WorkersOptions): Promise<Workers> {
    const starts = await Promise.allSettled(
      Array.from({ length: options.count }, (_, index) =>
        Supervised.start({
          name: `Functions worker ${index + 1}`,
          spawn: () => spawnWorker(options),
          log: options.log,
          onChange: options.onChange,
        })),
    );
    const started = starts.flatMap((start) => start.status === "fulfilled" ? [start.value] : []);
    const workers = new Workers(started);
    const failure = starts.find((start) => start.status === "rejected");
    if (!failure) return workers;
    await workers.stop();
    throw failure.reason;
  }

  private constructor(workers: Supervised<Worker>[]) {
    this.#workers = workers;
  }

  /** The process ids of the workers that are alive. */
  pids(): number[] {
    return this.#alive().map((worker) => worker.pid);
  }

  /** Where the living workers listen; each call begins with the next one. */
  origins(): string[] {
    const origins = this.#alive().map((worker) => worker.origin);
    const first = this.#turn++ % Math.max(origins.length, 1);
    return [...origins.slice(first), ...origins.slice(0, first)];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  #alive(): Worker[] {
    return this.#workers.flatMap(({ current }) => current ? [current] : []);
  }
}

async function spawnWorker({ env, output }: WorkersOptions): Promise<Worker> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      // A request's signal must fire for a client that left, not for every answer.
      "--unstable-no-legacy-abort",
      // No writing, no subprocesses: what would not work on the platform does not work here.
      "--allow-net",
      "--allow-env",
      "--allow-read",
      "--allow-sys",
      fileURLToPath(new URL("worker.ts", import.meta.url)),
      functionsFolder,
    ],
    clearEnv: true,
    env,
    cwd: repositoryRoot,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // Ctrl-C in a terminal goes to the whole process group; a worker ends by its stdin, after its work.
    detached: true,
  }).spawn();
  const listening = Promise.withResolvers<number>();
  const logs = [
    output.copy(child.stdout, (line) => {
      if (!line.startsWith('{"listening":')) return false;
      listening.resolve(JSON.parse(line).listening);
      return true;
    }),
    output.copy(child.stderr),
  ];
  const ended = child.status.then(() => Promise.all(logs));
  const stop = async () => {
    await child.stdin.close().catch((error) => {
      if (!(error instanceof TypeError)) throw error; // closed before
    });
    if (await within(ended.then(() => true), stopTimeoutMs, false)) return;
    signalChild(child, "SIGKILL");
    await ended;
  };
  const failed = ended.then((lines) => `It said:\n${lines.flat().join("\n")}`);
  const timedOut = `It did not listen within ${startTimeoutMs / 1000} seconds.`;
  const result = await within(
    Promise.race([listening.promise, failed]),
    startTimeoutMs,
    timedOut,
  );
  if (typeof result === "number") {
    return { pid: child.pid, origin: `http://127.0.0.1:${result}`, ended, stop };
  }
  await stop();
  throw new StackError(`A process for the functions did not start. ${result}`);
}
