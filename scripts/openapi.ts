/**
 * Writes docs/openapi.json, the description that `/operations/openapi` serves; with --check it compares, and ends with 1
 * when they differ.
 */

import { describeApi } from "../supabase/functions/_shared/openapi.ts";

const path = new URL("../docs/openapi.json", import.meta.url);
const text = JSON.stringify(describeApi(), null, 2) + "\n";

if (Deno.args.includes("--check")) {
  if (await Deno.readTextFile(path) !== text) {
    // deno-lint-ignore no-console -- its output is what this program is for.
    console.error("docs/openapi.json is not what the contract says: run `deno task openapi`");
    Deno.exit(1);
  }
} else {
  await Deno.writeTextFile(path, text);
}
