/** Runs our own command lines, and the CLI, as an operator does: as processes, without a terminal. */

import { repositoryRoot } from "../../scripts/stack/files.ts";
import { supabaseCommand } from "../../scripts/stack/tools.ts";
import type { ManagementApi } from "./management_api.ts";

export interface Ended {
  code: number;
  /** Both outputs together. */
  said: string;
  stdout: string;
}

async function run(program: string, args: string[], env: Record<string, string>): Promise<Ended> {
  const command = new Deno.Command(program, {
    args,
    cwd: repositoryRoot,
    stdin: "null",
    env: { NO_COLOR: "1", ...env },
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  const out = decoder.decode(stdout);
  return { code, said: out + decoder.decode(stderr), stdout: out };
}

/** A program of `scripts`, such as `deploy`, against the stand-in. */
export function script(name: string, args: string[], api: ManagementApi, env = {}): Promise<Ended> {
  const all = ["run", "-A", `scripts/${name}.ts`, ...args, `--profile=${api.profile}`];
  // What the shell of the one who runs the tests has set is not theirs.
  const unset = { SUPABASE_DB_URL: "", SUPABASE_SECRET_KEY: "" };
  return run(Deno.execPath(), all, { ...api.env, ...unset, ...env });
}

/** The real CLI against the stand-in. */
export async function supabase(args: string[], api: ManagementApi): Promise<Ended> {
  return await run(await supabaseCommand(() => {}), [...args, `--profile=${api.profile}`], {
    SUPABASE_NO_UPDATE_NOTIFIER: "1",
    SUPABASE_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
    ...api.env,
  });
}
