import { strictEqual } from "node:assert/strict";

const root = new URL("../..", import.meta.url);

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...args],
    cwd: root,
    env: { NO_COLOR: "1", REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  strictEqual(code, 0, said);
  return said;
}

Deno.test("docs/openapi.json is what the contract says", async () => {
  await run("scripts/openapi.ts", "--check");
});

Deno.test("the description has nothing that Redocly's linter warns of", async () => {
  const said = await run(
    "npm:@redocly/cli@2.77.0",
    "lint",
    "--max-problems=20",
    "docs/openapi.json",
  );
  strictEqual(/\b\d+ warning/.test(said), false, said);
});
