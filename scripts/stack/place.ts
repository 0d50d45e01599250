/**
 * Where a stack's Postgres lives and as whom it runs.
 *
 * Postgres refuses to run as root. Started by root it runs as `nobody`, who may be unable to reach the repository or the
 * stack's folder (below /root, or in a private temporary folder): then its programs are copied, and its data kept, below
 * /var/tmp.
 */
import { basename, dirname, join, resolve } from "node:path";
import { StackError } from "./errors.ts";
import { exists, remove, repositoryRoot } from "./files.ts";
import { type Account, run, runOrFail } from "./process.ts";

/** What decides where a Postgres lives. */
export interface PlaceOptions {
  /** The folder with `initdb`, `pg_ctl` and `postgres`. */
  programs: string;
  /** The stack's folder. */
  dataDir: string;
  /** The random name of this stack. */
  instance: string;
}

/** Where a Postgres lives. */
export interface Place {
  programs: string;
  /** A folder of its own, which `account` owns. */
  folder: string;
  /** Undefined: as we do ourselves. */
  account?: Account;
}

/**
 * Decides where this stack's Postgres lives and makes its folder.
 *
 * @throws {StackError} when the programs or the folder cannot be used.
 */
export async function preparePlace(options: PlaceOptions): Promise<Place> {
  const home = join(options.dataDir, "postgres");
  if (Deno.uid() !== 0) {
    await ownFolder(home, Deno.uid() ?? 0);
    return { programs: options.programs, folder: home };
  }
  const nobody = await nobodyAccount();
  const reachable = await exists(home) || await mayUse(nobody, options.dataDir);
  const folder = reachable ? home : `/var/tmp/edge-credits-${options.instance}`;
  const account = await ownerOf(folder) ?? nobody;
  // First what may be refused, so that no folder is left behind.
  const programs = await usablePrograms(options.programs, account);
  await ownFolder(folder, account.uid, account);
  return { programs, folder, account };
}

async function nobodyAccount(): Promise<Account> {
  const lines = (await Deno.readTextFile("/etc/passwd")).split("\n");
  const [, , uid, gid] = lines.find((line) => line.startsWith("nobody:"))?.split(":") ?? [];
  if (uid === undefined || gid === undefined) {
    throw new StackError(
      "Postgres does not run as root, and this system has no user nobody. Start the stack as another user.",
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** Data that a user made before stays that user's when root starts the stack. */
async function ownerOf(folder: string): Promise<Account | undefined> {
  if (!(await exists(folder))) return undefined;
  const { uid, gid } = await Deno.lstat(folder);
  return uid ? { uid, gid: gid ?? uid } : undefined;
}

/** Whether `account` may execute a program, or enter a folder. Asked, not computed: modes are only half of the answer. */
async function mayUse(account: Account, path: string): Promise<boolean> {
  const { code } = await run("/bin/sh", { args: ["-c", 'test -x "$1"', "sh", path], account });
  return code === 0;
}

/**
 * Makes `folder`, for its owner alone, or checks that it is what we would have made: below /var/tmp everybody may put a
 * folder or a link in our way.
 */
async function ownFolder(folder: string, uid: number, newOwner?: Account): Promise<void> {
  try {
    await Deno.mkdir(folder, { mode: 0o700 });
    if (newOwner) await Deno.chown(folder, newOwner.uid, newOwner.gid);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    const found = await Deno.lstat(folder);
    if (found.isDirectory && found.uid === uid && ((found.mode ?? 0) & 0o022) === 0) return;
    throw new StackError(
      `${folder} is not a folder that only its owner (user id ${uid}) may write. Remove it, or start as the user who made it.`,
    );
  }
}

async function usablePrograms(programs: string, account: Account): Promise<string> {
  if (await mayUse(account, join(programs, "postgres"))) return programs;
  if (!resolve(programs).startsWith(join(repositoryRoot, ".tools"))) {
    throw new StackError(
      `The user with id ${account.uid}, as whom Postgres runs, may not use ${programs}. Make it readable for everybody.`,
    );
  }
  return await copyPrograms(programs);
}

/** Copies our programs, once for all stacks of this machine, to where everybody can read them. */
async function copyPrograms(programs: string): Promise<string> {
  const shared = "/var/tmp/edge-credits-tools";
  await ownFolder(shared, 0);
  await Deno.chmod(shared, 0o755);
  // …/.tools/<package>@<version>/node_modules/<scope>/<package>/native/bin
  const packageFolder = programs.slice(join(repositoryRoot, ".tools/").length).split("/")[0] ?? "";
  const target = join(shared, basename(packageFolder));
  if (!(await exists(target))) {
    const temporary = await Deno.makeTempDir({ dir: shared });
    try {
      const args = ["-RP", dirname(programs) + "/.", temporary];
      await runOrFail("Copying the Postgres programs", "/bin/cp", { args });
      const everybody = ["-R", "a+rX", temporary];
      await runOrFail("Opening the Postgres programs", "/bin/chmod", { args: everybody });
      await Deno.rename(temporary, target);
    } catch (error) {
      if (!(await exists(target))) throw error;
    } finally {
      await remove(temporary);
    }
  }
  return join(target, "bin");
}
