import { deepStrictEqual, ok } from "node:assert/strict";

const functions = new URL("..", import.meta.url);
const read = async (path: string) => JSON.parse(await Deno.readTextFile(new URL(path, functions)));

Deno.test("every function pins the same versions, and they are the repository's", async () => {
  const root = await read("../../deno.json");
  for await (const { name, isDirectory } of Deno.readDir(functions)) {
    if (!isDirectory || name.startsWith("_")) continue;
    const { imports } = await read(`${name}/deno.json`);
    for (const [specifier, pinned] of Object.entries(imports)) {
      deepStrictEqual(
        pinned,
        root.imports[specifier],
        `${name} pins ${specifier}`,
      );
    }
    for (
      const specifier of ["@supabase/server", "@supabase/supabase-js", "zod"]
    ) {
      ok(
        specifier in imports,
        `${name} pins ${specifier}, which _shared imports`,
      );
    }
  }
});
