/** What the database says of accounts and topics; see open_stream and poll_events in supabase/migrations. */

import type { Call } from "../_shared/database.ts";

export interface AccountEvent {
  version: number;
  type: string;
  delta: number;
  balance: number;
  reason: string;
  actor: string;
  generation_id: string | null;
  created_at: string;
}

export interface Notification {
  topic: string;
  id: number;
  kind: string;
  subject: string;
  status: string;
  payload: unknown;
  created_at: string;
}

/** Who may listen to a topic. */
export interface Rule {
  audience: "authenticated" | "owner" | "role";
  owner_id: string | null;
  role: string | null;
}

export interface Preferences {
  muted: boolean;
  /** At most one notification in so many seconds; 0: all. */
  min_interval_seconds: number;
}

/** Where a stream begins. */
export interface Snapshot {
  credits: number;
  version: number;
  epoch: number;
  last_generate_at: string | null;
  topics: Record<
    string,
    {
      version: number;
      rule: Rule;
      preferences: Preferences;
      newest: Notification[];
    }
  >;
}

export interface AccountNews {
  user_id: string;
  version: number;
  events: AccountEvent[];
}

export interface TopicNews {
  name: string;
  version: number;
  rule: Rule;
  notifications: Notification[];
}

export interface News {
  epoch: number;
  accounts: AccountNews[];
  topics: TopicNews[];
}

/** The most that one question answers of each account and topic. */
export const PAGE = 200;

/** @param withNewest Whether with the newest notifications of each topic: `private.settings.newest_notifications` says how many. */
export async function openStream(
  call: Call,
  userId: string,
  topics: string[],
  withNewest: boolean,
): Promise<Snapshot> {
  const answer = await call("open_stream", {
    p_user_id: userId,
    p_topics: topics,
    p_with_newest: withNewest,
  }, { repeatable: true });
  return answer as unknown as Snapshot;
}

/** What came after the versions of accounts, and the ids of topics. */
export async function readNews(
  call: Call,
  accounts: ReadonlyMap<string, number>,
  topics: ReadonlyMap<string, number>,
): Promise<News> {
  const answer = await call("poll_events", {
    p_users: [...accounts.keys()],
    p_versions: [...accounts.values()],
    p_topics: [...topics.keys()],
    p_ids: [...topics.values()],
    p_limit: PAGE,
  }, { repeatable: true });
  return answer as unknown as News;
}
