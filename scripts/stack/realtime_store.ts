import type { JWTPayload } from "jose";
import postgres from "postgres";

/** A message that realtime.send stored. */
export interface StoredMessage {
  id: string;
  /** The channel, such as `topic:orders`. */
  topic: string;
  event: string;
  payload: unknown;
  private: boolean;
}

/** What the stand-in of Supabase Realtime asks its database. */
export class RealtimeStore {
  readonly #sql: postgres.Sql;

  /** @param databaseUrl connects as a role that may become those of users. */
  constructor(databaseUrl: string) {
    this.#sql = postgres(databaseUrl, { max: 3, idle_timeout: 20, onnotice: () => {} });
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: 1 });
  }

  /**
   * Whether the policies let these claims receive from a channel: asked as the real server asks, by a message that is
   * stored, looked at in the user's role, and rolled back.
   */
  async mayReceive(topic: string, claims: JWTPayload): Promise<boolean> {
    const role = String(claims["role"] ?? "");
    const connection = await this.#sql.reserve();
    try {
      await connection`begin`;
      const id = crypto.randomUUID();
      await connection`
        insert into realtime.messages (id, topic, extension) values (${id}, ${topic}, 'broadcast')`;
      await connection`
        select set_config('role', ${role}, true), set_config('realtime.topic', ${topic}, true),
          set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
          set_config('request.jwt.claim.sub', ${claims.sub ?? ""}, true),
          set_config('request.jwt.claim.role', ${role}, true)`;
      const seen = await connection`select from realtime.messages where id = ${id}`;
      return seen.count > 0;
    } finally {
      await connection`rollback`;
      connection.release();
    }
  }

  /** Takes out what was stored, oldest first: each message once. Only what is committed is seen. */
  async take(): Promise<StoredMessage[]> {
    return await this.#sql<StoredMessage[]>`
      with taken as (
        delete from realtime.messages where extension = 'broadcast'
        returning place, id, topic, event, payload, private
      )
      select id, topic, event, payload, private from taken order by place`;
  }

  /** Throws away what was stored. */
  async discard(): Promise<void> {
    await this.#sql`delete from realtime.messages`;
  }
}
