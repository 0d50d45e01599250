/**
 * Workers of the functions beside those of the stack, each at an address of its own, so that a test says which of them a
 * request goes to; and of any folder, so that other ways to cache can be held against ours.
 */

import { fileURLToPath } from "node:url";
import { TextLineStream } from "./lines.ts";
import { functionsEnvironment } from "../../scripts/stack/functions_environment.ts";
import { stack } from "../support/stack.ts";
import { secrets } from "../support/tokens.ts";

const root = new URL("../../", import.meta.url);

export interface WorkersOptions {
  /** The folder of the functions; ours when left out. */
  folder?: string;
  count: number;
  env?: Record<string, string>;
}

export interface Workers extends AsyncDisposable {
  /** Where each listens. */
  origins: string[];
  pids: number[];
  /** What they have said so far, line by line. */
  said: string[];
}

/** Starts workers as the stack does. They share nothing. */
export async function startWorkers({ folder, count, env }: WorkersOptions): Promise<Workers> {
  const environment = {
    ...await functionsEnvironment({
      url: stack.url,
      databaseUrl: stack.databaseUrl,
      imageServerUrl: stack.url, // nothing is painted here
      secrets,
    }),
    ...env,
  };
  const said: string[] = [];
  const children = Array.from({ length: count }, () =>
    new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--unstable-no-legacy-abort"],
        ...["--allow-net", "--allow-env", "--allow-read", "--allow-sys"],
        fileURLToPath(new URL("scripts/stack/worker.ts", root)),
        folder ?? fileURLToPath(new URL("supabase/functions", root)),
      ],
      clearEnv: true,
      env: environment,
      cwd: fileURLToPath(root),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn());
  const ends: Promise<unknown>[] = children.map(({ status }) => status);
  const dispose = async () => {
    await Promise.all(children.map((child) => child.stdin.close()));
    await Promise.all(ends);
  };
  const listening = children.map((child) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const copy = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const line of stream.pipeThrough(new TextLineStream())) {
        if (line.startsWith('{"listening":')) {
          resolve(`http://127.0.0.1:${JSON.parse(line).listening}`);
        } else said.push(line);
      }
    };
    const copied = Promise.all([copy(child.stdout), copy(child.stderr)]);
    ends.push(copied);
    copied.then(() => reject(new Error(`A worker ended: ${said.slice(-20).join("\n")}`)));
    return promise;
  });
  try {
    const origins = await Promise.all(listening);
    return { origins, pids: children.map(({ pid }) => pid), said, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
