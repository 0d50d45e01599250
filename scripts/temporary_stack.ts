import { type Stack, type StackOptions, startStack } from "./stack/stack.ts";

export type TemporaryStack = Stack & AsyncDisposable;

/** A stack on any free port, in a folder of its own, that is gone with all its data when it is disposed of. */
export async function startTemporaryStack(
  options: Partial<Omit<StackOptions, "dataDir">> = {},
): Promise<TemporaryStack> {
  const dataDir = await Deno.makeTempDir({ prefix: "edge-credits-" });
  const remove = (folder: string) => Deno.remove(folder, { recursive: true });
  try {
    const stack = await startStack({ port: 0, workers: 1, postgres: "17", ...options, dataDir });
    return {
      ...stack,
      async [Symbol.asyncDispose]() {
        await stack.stop();
        // Started by root, Postgres may keep its data outside of ours.
        if (!stack.postgres.folder.startsWith(dataDir)) await remove(stack.postgres.folder);
        await remove(dataDir);
      },
    };
  } catch (error) {
    await remove(dataDir);
    throw error;
  }
}
