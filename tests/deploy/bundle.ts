/** Runs a function from nothing but the files that were uploaded for it. */

import { dirname, join } from "node:path";
import type { DeployedFunction } from "./management_api.ts";

export interface RunningFunction extends AsyncDisposable {
  readonly origin: string;
}

/** As the platform does: the entry point's default export answers, and there is an `EdgeRuntime`. */
const RUNNER = (entrypoint: string) => `
globalThis.EdgeRuntime = { waitUntil: (promise) => promise };
const { default: { fetch } } = await import(${JSON.stringify(entrypoint)});
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log("listening on " + port) }, fetch);
`;

/**
 * Unpacks the files into an empty folder outside of the repository, whose configuration would fill gaps, and starts the
 * function there, with `env` as its whole environment.
 *
 * @throws {Error} with what it said when it does not start: a file or an import is missing.
 */
export async function runBundle(
  { metadata, files }: DeployedFunction,
  env: Record<string, string>,
): Promise<RunningFunction> {
  await using parts = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bundle-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  for (const [path, content] of files) {
    await Deno.mkdir(join(folder, dirname(path)), { recursive: true });
    await Deno.writeFile(join(folder, path), content, { createNew: true });
  }
  await Deno.writeTextFile(join(folder, "runner.js"), RUNNER(`./${metadata.entrypoint_path}`));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-lock", "--unstable-no-legacy-abort"],
      ...["--allow-net", "--allow-env", "--allow-sys", `--allow-read=${folder}`],
      ...[`--config=${metadata.import_map_path}`, "runner.js"],
    ],
    cwd: folder,
    clearEnv: true,
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const complaints = new Response(child.stderr).text();
  parts.defer(async () => {
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // ended already
    }
    await Promise.all([child.status, complaints]);
  });
  const started = Promise.withResolvers<string | null>();
  (async () => {
    // Read to the end: what it logs must not fill the pipe.
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const port = /^listening on (\d+)$/m.exec(text)?.[1];
      if (port !== undefined) started.resolve(port);
    }
    started.resolve(null);
  })();
  const port = await started.promise;
  if (port === null) throw new Error(`${metadata.name} did not start: ${await complaints}`);
  const running = parts.move();
  return {
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
