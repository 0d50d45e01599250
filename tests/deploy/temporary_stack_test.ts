import { deepStrictEqual, match, ok } from "node:assert/strict";
import { exists } from "../../scripts/stack/files.ts";

/** Starts one, and says why it did not start. */
const PROGRAM = `
  import { startTemporaryStack } from "${new URL(
  "../../scripts/temporary_stack.ts",
  import.meta.url,
)}";
  try {
    await startTemporaryStack({ log: (line) => console.log(line) });
  } catch (error) {
    console.log("failed:", error.message);
  }
  Deno.exit(0);`;

Deno.test("a temporary stack that does not start leaves nothing behind", async () => {
  await using parts = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "edge-credits-test-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  const program = `${folder}/program.ts`;
  await Deno.writeTextFile(program, PROGRAM);
  const temporary = `${folder}/tmp`;
  await Deno.mkdir(temporary);
  // A process of its own: the environment is everybody's, and tests run side by side.
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", config, program],
    // PostgREST comes after Postgres, whose data lie outside of the folder when root starts it.
    env: { TMPDIR: temporary, POSTGREST_BIN: "/bin/false", NO_COLOR: "1" },
    stderr: "inherit",
  }).output();
  const said = new TextDecoder().decode(stdout);
  match(said, /failed: .*PostgREST/);
  const [, data] = /its data are in (.*)\n/.exec(said) ?? [];
  ok(data !== undefined && !await exists(data), data);
  const left = await Array.fromAsync(Deno.readDir(temporary), ({ name }) => name);
  // The CLI's own runtime unpacks itself here.
  deepStrictEqual(left.filter((name) => !name.startsWith(".bun-")), []);
});
