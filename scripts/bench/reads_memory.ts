/**
 * A part of `deno task bench:reads`, in a process of its own: a million different reads of a database that answers at once,
 * and how much memory the process has meanwhile. Its argument: how many MiB of answers may be kept.
 */

import { createViews } from "../../supabase/functions/_shared/views.ts";
import { table } from "../table.ts";

const READS = 1_000_000;
const STEP = 100_000;
const USERS = 10_000;

let evictions = 0;
const view = createViews({
  // From a balance to a long page, most of them short.
  call: (_name, { p_before }) =>
    Promise.resolve({
      credits: 1,
      version: 7,
      epoch: 1795204790022,
      events: "x".repeat(Number(p_before) % 100 === 0 ? 20_000 : Number(p_before) % 1500),
    }),
  log: () => {},
  count: (name) => {
    if (name === "edge_credits_view_evictions") evictions++;
  },
  maxBytes: Number(Deno.args[0]) * 1024 * 1024,
});
const ids = Array.from({ length: USERS }, () => crypto.randomUUID());
const headers = new Headers();

const number = (value: number) => Math.round(value).toLocaleString("en");
const rows = [["reads", "RSS", "heap", "evictions"]];
for (let i = 1; i <= READS; i++) {
  await view("get_account_history", { p_before: i }, {
    userId: ids[i % USERS]!,
    headers,
    requestId: "r",
  });
  if (i % STEP > 0) continue;
  const { rss, heapUsed } = Deno.memoryUsage();
  const mebibytes = (bytes: number) => `${number(bytes / 2 ** 20)} MiB`;
  rows.push([number(i), mebibytes(rss), mebibytes(heapUsed), number(evictions)]);
}
// deno-lint-ignore no-console -- its output is what this program is for.
console.log(table(rows, [0, 1, 2, 3]));
