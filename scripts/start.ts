/**
 * Starts the local stack and keeps it until a signal, Ctrl-C among them, ends it.
 *
 *     deno task start [--port N] [--data DIR] [--workers N] [--postgres 17|18|/path/to/bin]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { endingSignal } from "./ending.ts";
import { StackError } from "./stack/errors.ts";
import { repositoryRoot } from "./stack/files.ts";
import { type StackOptions, startStack } from "./stack/stack.ts";

const usage =
  "Usage: deno task start [--port N] [--data DIR] [--workers N] [--postgres 17|18|/path/to/bin]";

/** A command line that we do not understand. */
class UsageError extends Error {}

function readOptions(args: string[]): StackOptions {
  const { port, data, workers, postgres } = parse(args);
  return {
    port: wholeNumber("--port", port ?? "54321", 0, 65_535),
    dataDir: data ?? join(repositoryRoot, ".stack"),
    workers: wholeNumber("--workers", workers ?? "1", 1, 64),
    postgres: postgresChoice(postgres ?? "17"),
  };
}

function parse(args: string[]) {
  try {
    const text = { type: "string" } as const;
    const options = { port: text, data: text, workers: text, postgres: text };
    return parseArgs({ args, options, strict: true }).values;
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

function wholeNumber(name: string, text: string, minimum: number, maximum: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new UsageError(`${name} must be a whole number from ${minimum} to ${maximum}, not ${text}`);
}

function postgresChoice(text: string): string {
  if (text === "17" || text === "18" || text.startsWith("/")) return text;
  throw new UsageError(
    `--postgres must be 17, 18 or the absolute path of a bin folder, not ${text}`,
  );
}

async function main(): Promise<number> {
  const signal = endingSignal();
  const log = (line: string) => console.log(line);
  try {
    if (Deno.args.includes("--help")) {
      log(usage);
      return 0;
    }
    const options = readOptions(Deno.args);
    const stack = await startStack({ ...options, ownSecrets: true, log, signal });
    console.log(`ready: API ${stack.url}, database ${stack.databaseUrl}, env ${stack.envFile}`);
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
    console.log("stopping");
    await stack.stop();
    return 0;
  } catch (error) {
    if (signal.aborted && (isAbort(error) || error instanceof StackError)) {
      // In a terminal, Ctrl-C ends the program of the step that was under way, too.
      console.log("stopped before it was ready");
      return 0;
    }
    if (error instanceof UsageError) {
      console.error(`${error.message}\n${usage}`);
      return 2;
    }
    if (!(error instanceof StackError)) throw error;
    console.error(error.message);
    return 1;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

Deno.exit(await main());
