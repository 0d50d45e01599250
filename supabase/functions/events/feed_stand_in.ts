/** For tests alone: a {@link Call} that answers as open_stream and poll_events do, of what the test puts in. */

import type { Call } from "../_shared/database.ts";
import type { AccountEvent, Notification, Preferences, Rule } from "./feed.ts";

export const USER = "6b0c2f4e-0000-4000-8000-000000000001";

interface Topic {
  version: number;
  rule: Rule;
  preferences: Preferences;
  kept: Notification[];
}

export function createFeed() {
  const feed = {
    epoch: 1,
    events: [] as AccountEvent[],
    version: 1,
    topics: new Map<string, Topic>(),
    /** The functions that were called, in order. */
    calls: [] as string[],
    /** Awaited before each answer. */
    before: (_name: string): Promise<void> => Promise.resolve(),

    /** Something happens to the account. */
    change(more: Partial<AccountEvent> = {}): void {
      feed.version++;
      feed.events.push({
        version: feed.version,
        type: "credit.granted",
        delta: 1,
        balance: feed.version,
        reason: "test",
        actor: "system",
        generation_id: null,
        created_at: new Date().toISOString(),
        ...more,
      });
    },
    declare(name: string): Topic {
      const topic: Topic = {
        version: 0,
        rule: { audience: "authenticated", owner_id: null, role: null },
        preferences: { muted: false, min_interval_seconds: 0 },
        kept: [],
      };
      feed.topics.set(name, topic);
      return topic;
    },
    publish(name: string, payload: unknown = {}): void {
      const topic = feed.topics.get(name)!;
      topic.version++;
      const created_at = new Date().toISOString();
      const what = {
        topic: name,
        kind: "k",
        subject: "s",
        status: "x",
        payload,
        created_at,
      };
      topic.kept.push({ ...what, id: topic.version });
    },

    call: (async (name, parameters) => {
      feed.calls.push(name);
      const answer = name === "open_stream"
        ? snapshot(
          parameters["p_topics"] as string[],
          parameters["p_with_newest"] === true,
        )
        : news(parameters as unknown as Asked);
      await feed.before(name);
      return answer;
    }) as Call,
  };

  function snapshot(names: string[], withNewest: boolean) {
    const topics = names.map((name) => {
      const { version, rule, preferences, kept } = feed.topics.get(name)!;
      const shown = withNewest ? kept.slice(-50) : [];
      return [name, { version, rule, preferences, newest: shown }];
    });
    return structuredClone({
      credits: feed.version,
      version: feed.version,
      epoch: feed.epoch,
      last_generate_at: null,
      topics: Object.fromEntries(topics),
    });
  }

  interface Asked {
    p_users: string[];
    p_versions: number[];
    p_topics: string[];
    p_ids: number[];
    p_limit: number;
  }

  function news({ p_users, p_versions, p_topics, p_ids, p_limit }: Asked) {
    const accounts = p_users.flatMap((user_id, index) => {
      const at = p_versions[index]!;
      if (at === feed.version) return [];
      const events = feed.events.filter(({ version }) => version > at).slice(
        0,
        p_limit,
      );
      return [{ user_id, version: feed.version, events }];
    });
    const topics = p_topics.flatMap((name, index) => {
      const topic = feed.topics.get(name);
      if (!topic) return [];
      const { version, rule, kept } = topic;
      const notifications = kept.filter(({ id }) => id > p_ids[index]!).slice(
        0,
        p_limit,
      );
      return [{ name, version, rule, notifications }];
    });
    return structuredClone({ epoch: feed.epoch, accounts, topics });
  }

  return feed;
}
