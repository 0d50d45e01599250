/** The table of mutants as docs/testing.md has it. */

import type { Mutant } from "./table.ts";

const PAGE = new URL("../../docs/testing.md", import.meta.url);
const HEAD = "| Taken out | Then this test fails | It says |";

/** The table in Markdown. */
export function markdown(mutants: Mutant[]): string {
  const rows = mutants.map(({ takenOut, test: [file, name], says }) => {
    const folder = file.split("/")[1];
    return `| ${takenOut} | ${folder}: ${name} | ${inWords(says)} |`;
  });
  return [HEAD, "|---|---|---|", ...rows].join("\n");
}

/** The signs are those of a difference that node:assert prints. */
function inWords(says: string): string {
  const [, sign, words = says] = /^([-+]) (.*)$/.exec(says) ?? [];
  const intro = { "-": "expected ", "+": "got " }[sign ?? ""] ?? "";
  return `${intro}\`${words}\``;
}

/** Whether docs/testing.md has this very table. */
export async function isCurrent(mutants: Mutant[]): Promise<boolean> {
  const page = await Deno.readTextFile(PAGE);
  const start = page.indexOf(HEAD);
  const end = page.indexOf("\n\n", start);
  return start !== -1 &&
    page.slice(start, end === -1 ? undefined : end).trimEnd() === markdown(mutants);
}
