/** Runs of `deno test` in a process of their own, against one stack. */

/** What a run of tests gave. */
export interface TestRun {
  passed: number;
  failed: number;
  /** The names of the tests that ran. */
  names: string[];
  output: string;
}

/** Runs the tests of `file`, or those of them whose name begins with `name`. */
export async function runTests(envFile: string, file: string, name?: string): Promise<TestRun> {
  const filter = name === undefined ? [] : ["--filter", `/^${RegExp.escape(name)}/`];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", ...filter, file],
    env: { NO_COLOR: "1", STACK_ENV: envFile },
  }).output();
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout) + decoder.decode(stderr);
  const [, passed = "0", failed = "0"] = /\| (\d+) passed.*\| (\d+) failed/.exec(output) ?? [];
  return {
    passed: Number(passed),
    failed: Number(failed),
    names: [...output.matchAll(/^(\S.*) \.\.\. (?:ok|FAILED)/gm)].map(([, each = ""]) => each),
    output,
  };
}
