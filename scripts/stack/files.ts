import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StackError } from "./errors.ts";

/** The root folder of this repository. */
export const repositoryRoot = fileURLToPath(new URL("../../", import.meta.url));

/** Whether there is something at `path`. */
export async function exists(path: string): Promise<boolean> {
  return (await readable(Deno.lstat(path))) !== undefined;
}

/** The text of the file at `path`; undefined when there is none. */
export async function readIfExists(path: string): Promise<string | undefined> {
  return await readable(Deno.readTextFile(path));
}

async function readable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Removes a file or a whole folder; it may be gone already. */
export async function remove(path: string): Promise<void> {
  await readable(Deno.remove(path, { recursive: true }));
}

/** Writes a file that only we may read, so that a reader sees the old text or the new one, never half of it. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(temporary, text, { mode: 0o600, createNew: true });
  await Deno.rename(temporary, path);
}

/**
 * Keeps every other stack out of `folder` until the returned file is closed. The kernel lets go of the lock when we die,
 * however that happens, so a crash leaves nothing to clear away.
 *
 * @throws {StackError} when another stack holds the folder.
 */
export async function lockFolder(folder: string): Promise<Deno.FsFile> {
  const path = join(folder, "lock");
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  if (!(await file.tryLock(true))) {
    file.close();
    const holder = (await readIfExists(path))?.trim() || "unknown";
    throw new StackError(
      `Another stack is running on ${folder} (process ${holder}). Stop it, or give this one a folder of its own with --data.`,
    );
  }
  await file.truncate(0);
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return file;
}
