/**
 * Debian's packages that some tests need: a Postgres 15 with pg_cron, pgTAP, plpgsql_check and isolationtester, pg_prove,
 * Chromium, and of prometheus promtool. They are installed by apt-get, as root or by sudo.
 */

export const DEBIAN_POSTGRES = "/usr/lib/postgresql/15/bin";

const PACKAGES = [
  "postgresql-15",
  "postgresql-15-cron",
  "postgresql-15-pgtap",
  "postgresql-15-plpgsql-check",
  "libtap-parser-sourcehandler-pgtap-perl",
  "chromium",
  "prometheus",
];

/** Files that are there once the packages are. */
const FILES = [
  `${DEBIAN_POSTGRES}/postgres`,
  "/usr/share/postgresql/15/extension/pg_cron.control",
  "/usr/share/postgresql/15/extension/pgtap.control",
  "/usr/share/postgresql/15/extension/plpgsql_check.control",
  "/usr/bin/pg_prove",
  "/usr/bin/psql",
  "/usr/lib/postgresql/15/lib/pgxs/src/test/isolation/isolationtester",
  "/usr/bin/chromium",
  "/usr/bin/promtool",
];

/** Installs what is missing. Answers why that is not possible, or null when everything is there. */
export async function installDebianPackages(log: (line: string) => void): Promise<string | null> {
  if (await allThere(FILES)) return null;
  if (!(await allThere(["/usr/bin/apt-get"]))) return "this system has no apt-get";
  const sudo = Deno.uid() === 0 ? [] : ["sudo", "-n"];
  if (sudo.length > 0 && !(await succeeds(["sudo", "-n", "true"]))) {
    return "installing Debian's packages takes root, or sudo without a password";
  }
  log(`installing Debian's ${PACKAGES.join(", ")}`);
  // Some packages start a server of their own, which nobody here wants: RUNLEVEL=1 keeps it from starting.
  const apt = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "-q"];
  for (
    const command of [
      [...apt, "update"],
      [...apt, "install", "-y", "--no-install-recommends", ...PACKAGES],
    ]
  ) {
    const { success, said } = await run(command);
    if (!success) return `${command.slice(-2).join(" ")} failed: ${said.trim().slice(-500)}`;
  }
  return await allThere(FILES) ? null : "apt-get installed the packages, but not the files";
}

async function allThere(paths: string[]): Promise<boolean> {
  for (const path of paths) {
    try {
      await Deno.stat(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }
  return true;
}

async function run([program = "", ...args]: string[]): Promise<{ success: boolean; said: string }> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decoder = new TextDecoder();
  return { success, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function succeeds(command: string[]): Promise<boolean> {
  try {
    return (await run(command)).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
