/** What README has an adopter copy is complete, and what lies in it is read only where it is meant to be. */

import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { repositoryRoot } from "../../scripts/stack/files.ts";
import { loadSecrets } from "../../scripts/stack/keys.ts";

Deno.test("a copy of supabase/, scripts/ and deno.json", async (t) => {
  await using parts = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "edge-credits-copy-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  // The lockfile only so that nothing else is downloaded than what is there.
  const copied = ["supabase", "scripts", "deno.json", "deno.lock"];
  const cp = await new Deno.Command("cp", { args: ["-r", ...copied, folder], cwd: repositoryRoot })
    .output();
  strictEqual(cp.code, 0);

  await t.step("passes deno check: nothing in it needs what was not copied", async () => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "scripts", "supabase/functions"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    strictEqual(code, 0, new TextDecoder().decode(stderr));
  });

  await t.step(
    "keeps supabase/functions/.env from all stacks but one that asks for it",
    async () => {
      const example = join(folder, "supabase/functions/.env.example");
      await Deno.copyFile(example, join(folder, "supabase/functions/.env"));
      const { functionsEnvironment } = await import(
        pathToFileURL(join(folder, "scripts/stack/functions_environment.ts")).href
      );
      const secrets = await loadSecrets(folder);
      const urls = { url: "http://a.test", databaseUrl: "", imageServerUrl: "http://b.test" };
      const { GENERATION_API_URL, GENERATION_MODEL } = await functionsEnvironment({
        ...urls,
        secrets,
      });
      deepStrictEqual([GENERATION_API_URL, GENERATION_MODEL], [
        "http://b.test/v1",
        "local-painter",
      ]);
      const own = await functionsEnvironment({ ...urls, secrets, ownSecrets: true });
      match(own.GENERATION_API_URL, /api\.openai\.com/);
    },
  );
});
