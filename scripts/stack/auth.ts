/**
 * A stand-in of Supabase Auth for development: NOT the real server. It knows what an unmodified supabase-js client needs to
 * sign up, sign in, refresh and sign out with a password or anonymously. Users are rows of auth.users, written as the role
 * supabase_auth_admin, so the triggers of the migrations run as they do on the platform. No mail is sent: an email counts
 * as confirmed.
 */
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import {
  checkedEmail,
  credentials,
  isObject,
  isUuid,
  type Json,
  present,
  readJson,
  Refusal,
  refuse,
} from "./auth_messages.ts";
import { AuthStore, type NewUser, type UserRow } from "./auth_store.ts";
import type { KeyRole } from "./gateway.ts";
import { publicKeySet, type Secrets, type SignToken } from "./keys.ts";
import { verifyPassword } from "./passwords.ts";
import type { Log } from "./tools.ts";

/** What the stand-in needs. */
export interface AuthOptions {
  /** Connects as supabase_auth_admin. */
  databaseUrl: string;
  secrets: Secrets;
  signToken: SignToken;
  /** `<url of the stack>/auth/v1`. */
  issuer: string;
  log: Log;
}

const tokenSeconds = 3600;

/** Answers `/auth/v1`. */
export class Auth {
  readonly #store: AuthStore;
  readonly #options: AuthOptions;
  readonly #keys: ReturnType<typeof createLocalJWKSet>;

  constructor(options: AuthOptions) {
    this.#options = options;
    this.#store = new AuthStore(options.databaseUrl);
    this.#keys = createLocalJWKSet(publicKeySet(options.secrets));
  }

  /** Whether its database answers; throws when it does not. */
  async check(): Promise<void> {
    await this.#store.check();
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  /** The claims of a user's token; throws a {@linkcode Refusal} for one that is not of this server, or no more. */
  async verify(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.#keys, { issuer: this.#options.issuer });
      return payload;
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw new Refusal(403, "bad_jwt", `invalid JWT: ${error.message}`);
    }
  }

  /**
   * Always answers.
   *
   * @param path path and query below `/auth/v1`.
   * @param role what the API key stands for; undefined without one.
   */
  async answer(request: Request, path: string, role: KeyRole | undefined): Promise<Response> {
    try {
      return await this.#route(request, new URL(path, "http://auth"), role);
    } catch (error) {
      if (error instanceof Refusal) return refuse(error);
      this.#options.log(`Auth failed on ${request.method} ${path}: ${error}`);
      return refuse(new Refusal(500, "unexpected_failure", "Unexpected failure, see the log"));
    }
  }

  async #route(request: Request, url: URL, role: KeyRole | undefined): Promise<Response> {
    const [, area, id] = url.pathname.split("/");
    if (area === "admin") return await this.#admin(request, id, url.pathname, role);
    switch (`${request.method} ${url.pathname}`) {
      case "GET /.well-known/jwks.json":
        return Response.json(publicKeySet(this.#options.secrets));
      case "GET /health":
        await this.check();
        return Response.json({ name: "auth stand-in", version: "local", description: "" });
      case "GET /settings":
        return Response.json({
          external: { email: true, anonymous_users: true },
          disable_signup: false,
          mailer_autoconfirm: true,
        });
      case "POST /signup":
        return await this.#signUp(await readJson(request));
      case "POST /token":
        return await this.#token(url.searchParams.get("grant_type"), await readJson(request));
      case "GET /user":
        return Response.json(present((await this.#session(request)).user));
      case "POST /logout":
        return await this.#logOut(request, url.searchParams.get("scope") ?? "global");
    }
    throw new Refusal(404, "not_found", "The stand-in of Supabase Auth does not offer this");
  }

  async #signUp(body: Json): Promise<Response> {
    const { email, password, data } = body;
    const anonymous = email === undefined && password === undefined;
    const user = await this.#create({
      ...(anonymous ? {} : await credentials(email, password)),
      userMetadata: isObject(data) ? data : {},
      appMetadata: anonymous ? {} : { provider: "email", providers: ["email"] },
    });
    return await this.#signIn(user, anonymous ? "anonymous" : "password");
  }

  async #token(grant: string | null, body: Json): Promise<Response> {
    if (grant === "password") {
      const email = String(body.email ?? "").toLowerCase();
      const user = await this.#store.userByEmail(email);
      const password = String(body.password ?? "");
      if (!user || !(await verifyPassword(password, user.encrypted_password))) {
        throw new Refusal(400, "invalid_credentials", "Invalid login credentials");
      }
      return await this.#signIn(user, "password");
    }
    if (grant === "refresh_token") return await this.#refresh(String(body.refresh_token ?? ""));
    throw new Refusal(400, "invalid_request", "Unsupported grant_type");
  }

  async #refresh(token: string): Promise<Response> {
    const rotation = await this.#store.rotate(token);
    if (rotation.outcome === "rotated") {
      return await this.#issue(rotation.user, rotation, "token_refresh");
    }
    throw rotation.outcome === "reused"
      ? new Refusal(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
      : new Refusal(
        400,
        "refresh_token_not_found",
        "Invalid Refresh Token: Refresh Token Not Found",
      );
  }

  async #logOut(request: Request, scope: string): Promise<Response> {
    if (scope !== "local" && scope !== "others" && scope !== "global") {
      throw new Refusal(400, "validation_failed", `Unsupported logout scope ${scope}`);
    }
    const { sessionId } = await this.#session(request);
    await this.#store.endSessions(sessionId, scope);
    return new Response(null, { status: 204 });
  }

  async #admin(
    request: Request,
    kind: string | undefined,
    path: string,
    role: KeyRole | undefined,
  ): Promise<Response> {
    if (role !== "service_role") {
      throw new Refusal(403, "not_admin", "Only the secret key may do this");
    }
    const id = path.split("/")[3];
    if (kind !== "users") throw new Refusal(404, "not_found", "Only /admin/users is offered here");
    if (request.method === "POST" && !id) return await this.#adminCreate(await readJson(request));
    if (!id || !isUuid(id)) {
      throw new Refusal(404, "validation_failed", "The user id must be a UUID");
    }
    const user = await this.#store.userById(id);
    if (!user) throw new Refusal(404, "user_not_found", "User not found");
    if (request.method === "GET") return Response.json(present(user));
    if (request.method !== "DELETE") {
      throw new Refusal(405, "method_not_allowed", "The stand-in of Supabase Auth cannot do this");
    }
    await this.#onDatabase("deleting user", () => this.#store.deleteUser(id));
    return Response.json({});
  }

  async #adminCreate(body: Json): Promise<Response> {
    const { id, email, password, user_metadata, app_metadata } = body;
    const user = await this.#create({
      id: typeof id === "string" && isUuid(id) ? id : undefined,
      ...(password === undefined
        ? { email: checkedEmail(email) }
        : await credentials(email, password)),
      userMetadata: isObject(user_metadata) ? user_metadata : {},
      appMetadata: {
        provider: "email",
        providers: ["email"],
        ...(isObject(app_metadata) ? app_metadata : {}),
      },
    });
    return Response.json(present(user));
  }

  async #create(user: NewUser): Promise<UserRow> {
    const row = await this.#onDatabase("saving new user", () => this.#store.createUser(user));
    if (!row) throw new Refusal(422, "user_already_exists", "User already registered");
    return row;
  }

  /** A trigger of the migrations may raise: the real server says no more than this, and neither do we. */
  async #onDatabase<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#options.log(`Auth: database error ${what}: ${error}`);
      throw new Refusal(500, "unexpected_failure", `Database error ${what}`);
    }
  }

  async #signIn(user: UserRow, method: string): Promise<Response> {
    return await this.#issue(user, await this.#store.createSession(user.id), method);
  }

  async #issue(
    user: UserRow,
    session: { sessionId: string; refreshToken: string },
    method: string,
  ): Promise<Response> {
    const now = Math.floor(Date.now() / 1000);
    const accessToken = await this.#options.signToken({
      sub: user.id,
      aud: user.aud,
      role: user.role,
      email: user.email ?? "",
      phone: "",
      app_metadata: user.raw_app_meta_data ?? {},
      user_metadata: user.raw_user_meta_data ?? {},
      is_anonymous: user.is_anonymous,
      session_id: session.sessionId,
      aal: "aal1",
      amr: [{ method, timestamp: now }],
    }, tokenSeconds);
    return Response.json({
      access_token: accessToken,
      token_type: "bearer",
      expires_in: tokenSeconds,
      expires_at: now + tokenSeconds,
      refresh_token: session.refreshToken,
      user: present(user),
    });
  }

  /** The session of the request's bearer token. */
  async #session(request: Request): Promise<{ sessionId: string; user: UserRow }> {
    const token = request.headers.get("authorization")?.replace(/^bearer /i, "") ?? "";
    const claims = await this.verify(token);
    const sessionId = String(claims.session_id ?? "");
    const user = isUuid(sessionId) ? await this.#store.userOfSession(sessionId) : undefined;
    if (!user) {
      const message = "Session from session_id claim in JWT does not exist";
      throw new Refusal(403, "session_not_found", message);
    }
    return { sessionId, user };
  }
}
