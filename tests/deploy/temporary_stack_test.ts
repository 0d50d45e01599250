import { deepStrictEqual, match, ok, rejects } from "node:assert/strict";
import { exists } from "../../scripts/stack/files.ts";
import { startTemporaryStack } from "../../scripts/temporary_stack.ts";

/** Sets a variable of the environment until it is disposed of. */
function setting(name: string, value: string): Disposable {
  const former = Deno.env.get(name);
  Deno.env.set(name, value);
  return {
    [Symbol.dispose]: () =>
      former === undefined ? Deno.env.delete(name) : Deno.env.set(name, former),
  };
}

Deno.test("a temporary stack that does not start leaves nothing behind", async () => {
  await using parts = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "edge-credits-test-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  using _temporary = setting("TMPDIR", folder);
  // PostgREST comes after Postgres, whose data lie outside of the folder when root starts it.
  using _rest = setting("POSTGREST_BIN", "/bin/false");
  let said = "";
  await rejects(startTemporaryStack({ log: (line) => said += `${line}\n` }), /PostgREST/);
  match(said, /its data are in/);
  const [, data] = /its data are in (.*)\n/.exec(said) ?? [];
  ok(data !== undefined && !await exists(data), data);
  deepStrictEqual(await Array.fromAsync(Deno.readDir(folder)), []);
});
