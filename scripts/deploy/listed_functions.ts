import type { Check } from "./checks.ts";
import type { Cli } from "./cli.ts";

/** An edge function of a project, as `supabase functions list` tells of it. */
export interface ListedFunction {
  slug: string;
  status: string;
  version: number;
  /** Whether the platform asks for a token before the function does. */
  verify_jwt: boolean;
}

/** The command that lists the functions of a project. */
export const listCommand = (ref: string) => [
  ...["functions", "list", `--remote=${ref}`, "--output-format=json", "--agent=no"],
];

/** What the command answered. */
export function readListed(stdout: string): ListedFunction[] {
  return (JSON.parse(stdout) as { functions: ListedFunction[] }).functions;
}

/** Whether all of `names` are live, and verify tokens themselves. */
export function whatIsWrong(listed: ListedFunction[], names: string[]): string | null {
  const faults = names.flatMap((name) => {
    const found = listed.find(({ slug }) => slug === name);
    if (found?.status !== "ACTIVE") return [`${name} is not active`];
    return found.verify_jwt ? [`${name} has verify_jwt on`] : [];
  });
  return faults.length === 0 ? null : faults.join(", ");
}

/** The check of it: no key of the project is needed, only the access token of the CLI. */
export async function functionsCheck(cli: Cli, ref: string, names: string[]): Promise<Check> {
  const answer = await cli.ask(listCommand(ref));
  const wrong = answer.success ? whatIsWrong(readListed(answer.stdout), names) : answer.said;
  return {
    name: "edge functions",
    ok: wrong === null,
    found: wrong ?? `all ${names.length} are active`,
    remedy: answer.success
      ? "supabase functions deploy --use-api --remote=REF, with the functions as supabase/config.toml has them"
      : "SUPABASE_ACCESS_TOKEN or supabase login: docs/deploy.md says what a token needs",
  };
}
