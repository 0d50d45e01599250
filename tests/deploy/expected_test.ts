import { deepStrictEqual } from "node:assert/strict";
import { join } from "node:path";
import { EDGE_FUNCTIONS, edgeFunctions } from "../../scripts/deploy/expected.ts";
import { type ListedFunction, whatIsWrong } from "../../scripts/deploy/listed_functions.ts";
import { repositoryRoot } from "../../scripts/stack/files.ts";

Deno.test("our edge functions are those that lie in supabase/functions and that config.toml has", async () => {
  const folders = await Array.fromAsync(Deno.readDir(join(repositoryRoot, "supabase/functions")));
  const names = folders.filter(({ name, isDirectory }) => isDirectory && !name.startsWith("_"))
    .map(({ name }) => name).sort();
  deepStrictEqual(names, EDGE_FUNCTIONS);
  deepStrictEqual(await edgeFunctions(), EDGE_FUNCTIONS);
});

Deno.test("an app's own functions are not held to our rules", async () => {
  const folder = await Deno.makeTempDir({ prefix: "edge-credits-test-" });
  try {
    await Deno.mkdir(join(folder, "supabase"));
    await Deno.writeTextFile(
      join(folder, "supabase/config.toml"),
      "[functions.account]\nverify_jwt = false\n[functions.stripe-webhook]\nverify_jwt = true\n",
    );
    deepStrictEqual(await edgeFunctions(folder), ["account"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const live = (slug: string, verify_jwt: boolean): ListedFunction => ({
    slug,
    status: "ACTIVE",
    version: 1,
    verify_jwt,
  });
  const listed = [live("account", false), live("stripe-webhook", true)];
  deepStrictEqual(whatIsWrong(listed, ["account"]), null);
  deepStrictEqual(whatIsWrong(listed, ["account", "events"]), "events is not active");
});
