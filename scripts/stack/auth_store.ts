/** The tables behind the stand-in of Supabase Auth: users, sessions, refresh tokens. */
import { randomBytes, randomUUID } from "node:crypto";
import postgres from "postgres";

/** A row of auth.users. */
export interface UserRow {
  id: string;
  aud: string;
  role: string;
  email: string | null;
  encrypted_password: string | null;
  email_confirmed_at: Date | null;
  last_sign_in_at: Date | null;
  raw_app_meta_data: Record<string, unknown> | null;
  raw_user_meta_data: Record<string, unknown> | null;
  is_anonymous: boolean;
  created_at: Date;
  updated_at: Date;
}

/** What a new user is made of. */
export interface NewUser {
  id?: string | undefined;
  /** Undefined for an anonymous user. */
  email?: string | undefined;
  passwordHash?: string | undefined;
  userMetadata: Record<string, unknown>;
  appMetadata: Record<string, unknown>;
}

/** The outcome of handing in a refresh token. */
export type Rotation =
  | { outcome: "rotated"; user: UserRow; sessionId: string; refreshToken: string }
  | { outcome: "unknown" }
  | { outcome: "reused" };

/** A client that never saw the answer, or two tabs at once, may hand in a spent token this long. */
const reuseSeconds = 10;

/** Reads and writes as the role supabase_auth_admin, whose connections come back by themselves after a restart. */
export class AuthStore {
  readonly #sql: postgres.Sql;

  constructor(url: string) {
    this.#sql = postgres(url, { max: 10, onnotice: () => {} });
  }

  /** Throws when the database does not answer. */
  async check(): Promise<void> {
    await this.#sql`select 1`;
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: 1 });
  }

  /** The new user; undefined when the email is taken. Throws what a trigger of the migrations raises. */
  async createUser(user: NewUser): Promise<UserRow | undefined> {
    const now = new Date();
    const [row] = await this.#sql<UserRow[]>`
      insert into auth.users ${
      this.#sql({
        id: user.id ?? randomUUID(),
        aud: "authenticated",
        role: "authenticated",
        email: user.email ?? null,
        encrypted_password: user.passwordHash ?? null,
        email_confirmed_at: user.email ? now : null,
        raw_app_meta_data: this.#sql.json(user.appMetadata as postgres.JSONValue),
        raw_user_meta_data: this.#sql.json(user.userMetadata as postgres.JSONValue),
        is_anonymous: user.email === undefined,
        created_at: now,
        updated_at: now,
      })
    }
      on conflict do nothing
      returning *`;
    return row;
  }

  async userByEmail(email: string): Promise<UserRow | undefined> {
    const [row] = await this.#sql<UserRow[]>`select * from auth.users where email = ${email}`;
    return row;
  }

  async userById(id: string): Promise<UserRow | undefined> {
    const [row] = await this.#sql<UserRow[]>`select * from auth.users where id = ${id}`;
    return row;
  }

  /** The user of a session that has not been ended. */
  async userOfSession(sessionId: string): Promise<UserRow | undefined> {
    const [row] = await this.#sql<UserRow[]>`
      select users.* from auth.sessions join auth.users on users.id = sessions.user_id
      where sessions.id = ${sessionId}`;
    return row;
  }

  /** Whether there was such a user. */
  async deleteUser(id: string): Promise<boolean> {
    return (await this.#sql`delete from auth.users where id = ${id}`).count > 0;
  }

  /** Begins a session: its id and first refresh token. */
  async createSession(userId: string): Promise<{ sessionId: string; refreshToken: string }> {
    const sessionId = randomUUID();
    const refreshToken = newRefreshToken();
    await this.#sql`
      with signed_in as (
        update auth.users set last_sign_in_at = now() where id = ${userId}
      ), session as (
        insert into auth.sessions (id, user_id, created_at, updated_at)
        values (${sessionId}, ${userId}, now(), now())
      )
      insert into auth.refresh_tokens (session_id, token, created_at, updated_at)
      values (${sessionId}, ${refreshToken}, now(), now())`;
    return { sessionId, refreshToken };
  }

  /** Ends sessions of the session's user: this one, all the others, or all. */
  async endSessions(sessionId: string, scope: "local" | "others" | "global"): Promise<void> {
    await this.#sql`
      delete from auth.sessions
      where user_id = (select user_id from auth.sessions where id = ${sessionId})
        and case ${scope} when 'local' then id = ${sessionId}
                          when 'others' then id <> ${sessionId}
                          else true end`;
  }

  /** Spends a refresh token for the next one. Within ten seconds a spent token gives the same next one again. */
  async rotate(token: string): Promise<Rotation> {
    return await this.#sql.begin<Rotation>(async (sql) => {
      const [row] = await sql<{ session_id: string; revoked: boolean; fresh: boolean }[]>`
        select session_id, revoked,
               updated_at > clock_timestamp() - make_interval(secs => ${reuseSeconds}) as fresh
        from auth.refresh_tokens where token = ${token} for update`;
      if (!row) return { outcome: "unknown" };
      if (row.revoked && !row.fresh) {
        await sql`delete from auth.sessions where id = ${row.session_id}`;
        return { outcome: "reused" };
      }
      const [user] = await sql<UserRow[]>`
        select users.* from auth.sessions join auth.users on users.id = sessions.user_id
        where sessions.id = ${row.session_id}`;
      if (!user) return { outcome: "unknown" };
      const refreshToken = row.revoked
        ? await latestToken(sql, row.session_id)
        : await spend(sql, token, row.session_id);
      return { outcome: "rotated", user, sessionId: row.session_id, refreshToken };
    }) as Rotation;
  }
}

async function spend(
  sql: postgres.TransactionSql,
  token: string,
  sessionId: string,
): Promise<string> {
  const next = newRefreshToken();
  await sql`
    update auth.refresh_tokens set revoked = true, updated_at = clock_timestamp()
    where token = ${token}`;
  await sql`
    insert into auth.refresh_tokens (session_id, token, parent, created_at, updated_at)
    values (${sessionId}, ${next}, ${token}, clock_timestamp(), clock_timestamp())`;
  return next;
}

async function latestToken(sql: postgres.TransactionSql, sessionId: string): Promise<string> {
  const [row] = await sql<{ token: string }[]>`
    select token from auth.refresh_tokens
    where session_id = ${sessionId} and not revoked order by id desc limit 1`;
  if (!row) throw new Error(`Session ${sessionId} has no refresh token`);
  return row.token;
}

function newRefreshToken(): string {
  return randomBytes(16).toString("base64url");
}
