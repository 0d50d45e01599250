import { endingSignal } from "./ending.ts";
import { type Stack, type StackOptions, startStack } from "./stack/stack.ts";

export type TemporaryStack = Stack & AsyncDisposable;

/**
 * A stack on any free port, in a folder of its own, that is gone with all its data when it is disposed of, or when the
 * program is told to end.
 */
export async function startTemporaryStack(
  options: Partial<Omit<StackOptions, "dataDir" | "temporary">> = {},
): Promise<TemporaryStack> {
  const dataDir = await Deno.makeTempDir({ prefix: "edge-credits-" });
  const signal = endingSignal();
  let stack: Stack | undefined;
  const dispose = async () => {
    await stack?.stop();
    await Deno.remove(dataDir, { recursive: true });
  };
  try {
    stack = await startStack({
      port: 0,
      workers: 1,
      postgres: "17",
      ...options,
      dataDir,
      temporary: true,
      signal,
    });
  } catch (error) {
    await Deno.remove(dataDir, { recursive: true });
    if (signal.aborted) Deno.exit(130);
    throw error;
  }
  let disposing: Promise<void> | undefined;
  const once = () => disposing ??= dispose();
  signal.addEventListener("abort", async () => {
    await once();
    Deno.exit(130);
  });
  return { ...stack, [Symbol.asyncDispose]: once };
}
