/**
 * The process that serves the functions, as the platform's edge runtime does: each `supabase/functions/<name>/index.ts`
 * under `/<name>`. Started by workers.ts with the functions' folder as its argument; says where it listens in one line on
 * stdout, `{"listening": port}`; ends when its stdin closes, so that it never outlives the stack.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

type FunctionModule = { fetch(request: Request): Response | Promise<Response> };

const stopTimeoutMs = 5_000;

const background = new Set<Promise<unknown>>();

/** The platform's promise to let work go on after the answer; it is no promise to let it end. */
const edgeRuntime = {
  waitUntil<T>(promise: Promise<T>): Promise<T> {
    const work: Promise<unknown> = promise
      .catch((error) => console.error("A promise of EdgeRuntime.waitUntil was rejected:", error))
      .finally(() => background.delete(work));
    background.add(work);
    return promise;
  },
};

async function loadFunctions(folder: string): Promise<Map<string, FunctionModule>> {
  const functions = new Map<string, FunctionModule>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory || name.startsWith("_")) continue;
    const path = join(folder, name, "index.ts");
    if (!(await isFile(path))) continue;
    const module = await import(pathToFileURL(path).href);
    if (typeof module.default?.fetch !== "function") {
      throw new TypeError(`${path} has no default export of the form { fetch(request) }`);
    }
    functions.set(name, module.default);
  }
  return functions;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function answer(
  request: Request,
  functions: Map<string, FunctionModule>,
): Promise<Response> {
  const name = new URL(request.url).pathname.split("/")[1] ?? "";
  const module = functions.get(name);
  if (!module) {
    return Response.json(
      { code: "NOT_FOUND", message: "Requested function was not found" },
      { status: 404 },
    );
  }
  try {
    return await module.fetch(request);
  } catch (error) {
    console.error(`The function ${name} threw:`, error);
    return Response.json(
      { code: "WORKER_ERROR", message: "Function exited due to an error (please check logs)" },
      { status: 500 },
    );
  }
}

async function main(folder: string): Promise<void> {
  Object.assign(globalThis, { EdgeRuntime: edgeRuntime });
  const functions = await loadFunctions(folder);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => answer(request, functions),
  );
  console.log(JSON.stringify({ listening: server.addr.port }));
  for await (const _ of Deno.stdin.readable);
  setTimeout(() => Deno.exit(0), stopTimeoutMs);
  await server.shutdown();
  while (background.size > 0) await Promise.all(background);
  Deno.exit(0);
}

await main(Deno.args[0] ?? "");
