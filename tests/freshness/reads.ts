/** Every view, and how what a write has done is to be seen in it. */

import type { Account } from "./account.ts";

export interface Read {
  name: string;
  /** Null: the account has none yet. */
  path(account: Account): string | null;
  /** What is missing in an answer, or null. */
  lacks(account: Account, body: Record<string, unknown>): string | null;
}

const differs = (what: string, seen: unknown, expected: unknown) =>
  seen === expected ? null : `${what} is ${seen}, not ${expected}`;

type Row = Record<string, unknown>;

const lacksEvent = (account: Account, body: Record<string, unknown>) => {
  const [newest] = body["events"] as Row[];
  return differs("the newest event", newest?.["version"], account.lastCreditVersion) ??
    differs("its balance", newest?.["balance"], account.credits);
};

const lacksGeneration = ({ generation }: Account, seen: Row | undefined) =>
  generation === null ? null : differs("the generation", seen?.["generation_id"], generation.id) ??
    differs("its status", seen?.["status"], generation.status);

export const READS: readonly Read[] = [
  { name: "balance", path: () => "/account", lacks: () => null },
  { name: "history", path: () => "/account/history", lacks: lacksEvent },
  { name: "history, short", path: () => "/account/history?limit=2", lacks: lacksEvent },
  {
    name: "history, a page",
    path(account) {
      account.page ??= { before: account.version + 1, events: "" };
      return `/account/history?limit=3&before=${account.page.before}`;
    },
    lacks({ page }, body) {
      const events = JSON.stringify(body["events"]);
      page!.events ||= events;
      return differs("the page", events, page!.events);
    },
  },
  {
    name: "generations",
    path: () => "/account/generations?limit=5",
    lacks: (account, body) => lacksGeneration(account, (body["generations"] as Row[])[0]),
  },
  {
    name: "one generation",
    path: ({ generation }) => generation && `/account/generations/${generation.id}`,
    lacks: lacksGeneration,
  },
  {
    name: "preferences",
    path: () => "/account/preferences/orders",
    lacks: (account, body) => differs("muted", body["muted"], account.muted),
  },
];
