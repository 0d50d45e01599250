/** Which project and which database deploy and verify are about, as the command line and the environment say. */

import { StackError } from "../stack/errors.ts";

export interface Target {
  /** The project's ref; null where only a database is named. */
  ref: string | null;
  /** A connection string without its password, or the ref, whose database is asked through the management API. */
  database: string;
  /** For the CLI, in its environment: no list of processes and no log shows it there. */
  password: string | null;
  /** What could not be compared of the two, for people; null where there is nothing to say. */
  unsure: string | null;
}

export interface TargetOptions {
  remote: string | undefined;
  database: string | undefined;
}

/** Where the connection string with its password is looked for. */
export const DATABASE_VARIABLE = "SUPABASE_DB_URL";

/**
 * Reads `--remote` and `--database`; the latter is better given as SUPABASE_DB_URL, which `deno task` does not print.
 * Null where neither names anything.
 *
 * @throws {StackError} when a password is among the arguments, or when the two are of different projects.
 */
export function readTarget(
  options: TargetOptions,
  fromEnvironment = Deno.env.get(DATABASE_VARIABLE),
): Target | null {
  const { remote } = options;
  const ref = remote !== undefined && /^[a-z]{20}$/.test(remote) ? remote : null;
  if (remote !== undefined && ref === null && !isConnectionString(remote)) {
    throw new StackError("--remote is the project's ref, 20 lower-case letters");
  }
  const given = options.database ?? (ref === null ? remote : undefined);
  if (given !== undefined && splitPassword(given).password !== null) {
    throw new StackError(
      `A password among the arguments is printed by deno task, and shown by every list of processes: give the connection string as ${DATABASE_VARIABLE} instead`,
    );
  }
  const text = given ?? (fromEnvironment || undefined);
  if (text === undefined) {
    return ref === null ? null : { ref, database: ref, password: null, unsure: null };
  }
  const { url, password } = splitPassword(text);
  return { ref, database: url, password, unsure: ref === null ? null : compareProjects(ref, url) };
}

function isConnectionString(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text);
}

/**
 * Takes the password out of a connection string, be it before the host or a parameter. What people paste is not always
 * encoded: the last `@` ends the password, whatever stands before it.
 */
export function splitPassword(text: string): { url: string; password: string | null } {
  if (!isConnectionString(text)) {
    throw new StackError("The connection string of a database begins with postgresql://");
  }
  let password: string | null = null;
  const url = text
    .replace(/^(\w+:\/\/[^:/?@]*):(.*)@/s, (_, start: string, secret: string) => {
      password = secret;
      return `${start}@`;
    })
    .replace(/([?&])password=([^&]*)(&|$)/, (_, before: string, secret: string, after: string) => {
      password ??= secret;
      return after === "&" ? before : "";
    });
  return { url, password: password === null ? null : decoded(password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text; // a bare % of the password's own
    throw error;
  }
}

/**
 * Sees to it that the migrations go where the functions go. A pooler's user is `ROLE.REF`, and a project's own host
 * `db.REF.supabase.co`.
 */
function compareProjects(ref: string, url: string): string | null {
  if (!URL.canParse(url)) throw new StackError("The connection string of the database is no URL");
  const { username, hostname, searchParams } = new URL(url);
  const named = [
    /\.([a-z]{20})$/.exec(searchParams.get("user") ?? decoded(username))?.[1],
    /^db\.([a-z]{20})\./.exec(searchParams.get("host") ?? hostname)?.[1],
  ].filter((name) => name !== undefined);
  const other = named.find((name) => name !== ref);
  if (other !== undefined) {
    throw new StackError(
      `The connection string is of the project ${other}, and --remote names ${ref}: nothing was done`,
    );
  }
  return named.length > 0
    ? null
    : `The connection string names no project (${hostname}): whether it is the database of ${ref} could not be compared.`;
}
