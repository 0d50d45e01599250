import { StackError } from "./errors.ts";

/** The operating system account that a process runs as. */
export interface Account {
  uid: number;
  gid: number;
}

/** How to run a program to its end. */
export interface RunOptions {
  args: string[];
  /** Without it the program runs as we do. */
  account?: Account | undefined;
  /** The whole environment: nothing of ours is inherited. */
  env?: Record<string, string>;
  cwd?: string;
}

/** What a program that has ended said: its exit code, and both of its outputs together. */
export interface RunResult {
  code: number;
  output: string;
}

/** Runs `program` to its end and returns its exit code and output, whatever the code is. */
export async function run(program: string, options: RunOptions): Promise<RunResult> {
  const { account, ...rest } = options;
  const command = new Deno.Command(program, { cwd: "/", clearEnv: true, ...rest, ...account });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, output: (decoder.decode(stdout) + decoder.decode(stderr)).trim() };
}

/**
 * Runs `program` to its end and returns what it printed.
 *
 * @throws {StackError} with `what` and the whole output when the program fails.
 */
export async function runOrFail(
  what: string,
  program: string,
  options: RunOptions,
): Promise<string> {
  const { code, output } = await run(program, options);
  if (code !== 0) throw new StackError(`${what} failed with exit code ${code}:\n${output}`);
  return output;
}

/** The variables of our own environment, out of `names`, that are set. */
export function inherited(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [name, Deno.env.get(name)]).filter(([, value]) => value !== undefined),
  );
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Asks `condition` again and again, for what offers no event to wait on.
 *
 * @throws {StackError} naming `what` when it is still false after `timeoutMs` milliseconds.
 */
export async function waitUntil(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new StackError(`${what} did not happen within ${timeoutMs / 1000} seconds`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sends a signal to a child, which may have ended already. */
export function signalChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // Deno knows that it has ended: better than the process id, which another program may have by now.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The value of `promise`, or `otherwise` when it takes longer than `timeoutMs` milliseconds. */
export async function within<T, U>(
  promise: Promise<T>,
  timeoutMs: number,
  otherwise: U,
): Promise<T | U> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<U>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), timeoutMs);
  });
  return await Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
