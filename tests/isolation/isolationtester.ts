/** Postgres's own isolationtester: finds it, runs a spec, and reads what it prints. */

import { dirname, join } from "node:path";
import { StackError } from "../../scripts/stack/errors.ts";
import { exists } from "../../scripts/stack/files.ts";
import { postgresFolder } from "../../scripts/stack/tools.ts";
import { DEBIAN_POSTGRES } from "../../scripts/debian.ts";

/** A program, and the libraries that came with it. */
export interface Tester {
  program: string;
  libraries?: string;
}

/** What one permutation did. */
export interface Permutation {
  /** Its steps, in the order in which they were begun. */
  order: string[];
  /** Steps that were seen to wait for a lock. */
  waited: string[];
  /** What the sessions and the teardown said, by the name that they gave: `a: …` is `said.a`. */
  said: Record<string, string>;
  /** Messages of the errors that were raised. */
  errors: string[];
  /** All of it, for whoever has to look. */
  text: string;
}

const BELOW_LIBRARIES = "pgxs/src/test/isolation/isolationtester";

/** Debian's tester, else that of the embedded server; undefined where neither is there. Each works with any server. */
export async function findTester(): Promise<Tester | undefined> {
  const debian = join(dirname(DEBIAN_POSTGRES), "lib", BELOW_LIBRARIES);
  if (await exists(debian)) return { program: debian };
  try {
    const libraries = join(dirname(await postgresFolder("17", () => {})), "lib");
    const program = join(libraries, "postgresql", BELOW_LIBRARIES);
    return await exists(program) ? { program, libraries } : undefined;
  } catch (error) {
    // There is no embedded server for this platform.
    if (error instanceof StackError) return undefined;
    throw error;
  }
}

/**
 * Runs a spec against a database.
 *
 * @throws {Error} with all that it said when isolationtester could not run it. A failing statement is no such reason.
 */
export async function runSpec(
  tester: Tester,
  databaseUrl: string,
  spec: string,
): Promise<Permutation[]> {
  const child = new Deno.Command(tester.program, {
    args: [databaseUrl],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...(tester.libraries ? { env: { LD_LIBRARY_PATH: tester.libraries } } : {}),
  }).spawn();
  const [{ success, stdout, stderr }] = await Promise.all([
    child.output(),
    new Blob([spec]).stream().pipeTo(child.stdin),
  ]);
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout);
  if (!success || stderr.length > 0) {
    throw new Error(`isolationtester failed:\n${decoder.decode(stderr)}\n${text}\n${spec}`);
  }
  return text.split(/^starting permutation: /m).slice(1).map(readPermutation);
}

function readPermutation(text: string): Permutation {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)];
  return {
    order: (text.split("\n", 1)[0] ?? "").trim().split(" "),
    waited: all(/^step (\w+): .*<waiting \.\.\.>$/gm).map(([, step = ""]) => step),
    said: Object.fromEntries(
      all(/^(a|b|outcome): (.*)$/gm).map(([, who = "", what = ""]) => [who, what.trim()]),
    ),
    errors: all(/^ERROR: +(.*)$/gm).map(([, message = ""]) => message),
    text,
  };
}
