/** The one address of the stack, as the platform's API gateway: `/rest/v1`, `/auth/v1`, `/functions/v1`, `/realtime/v1`. */
import type { Auth } from "./auth.ts";
import { StackError } from "./errors.ts";
import { forward } from "./forward.ts";
import type { Secrets, SignToken } from "./keys.ts";
import type { Realtime } from "./realtime.ts";

/** The parts behind the gateway. */
export interface Backends {
  auth: Auth;
  realtime: Realtime;
  signToken: SignToken;
  secrets: Secrets;
  /** Where PostgREST listens; empty while it is away. */
  restOrigins(): string[];
  /** Where the functions' workers listen, the next in turn first. */
  functionsOrigins(): string[];
}

/** The role that an API key stands for. */
export type KeyRole = "anon" | "service_role";

const roleTokenSeconds = 300;
const roleTokenCachedMs = 60_000;

/** Listens from the beginning, so that a taken port is found before anything has been done; answers once it is opened. */
export class Gateway {
  /** Such as `http://127.0.0.1:54321`. */
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #closing = new AbortController();
  readonly #client = Deno.createHttpClient({ http2: false, poolMaxIdlePerHost: 256 });
  readonly #roleTokens = new Map<KeyRole, { token: Promise<string>; until: number }>();
  #backends: Backends | undefined;

  /** @param port 0 for any free one. */
  constructor(port: number) {
    try {
      this.#server = Deno.serve({
        hostname: "127.0.0.1",
        port,
        signal: this.#closing.signal,
        onListen: () => {},
        onError: (error) => {
          console.error("The gateway failed on a request:", error);
          return json(500, { message: "The gateway failed; see its output" });
        },
      }, (request, info) => this.#answer(request, info.remoteAddr));
    } catch (error) {
      this.#client.close();
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      throw new StackError(
        `Port ${port} is taken by another program. Stop it, or choose another with --port.`,
      );
    }
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Begins to answer. */
  open(backends: Backends): void {
    this.#backends = backends;
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#server.finished;
    this.#client.close();
  }

  async #answer(request: Request, remote: Deno.NetAddr): Promise<Response> {
    const backends = this.#backends;
    if (!backends) return json(503, { message: "The stack is starting" });
    const { pathname, search } = new URL(request.url);
    const [, area, version] = pathname.split("/", 3);
    if (version === "v1") {
      const path = (pathname.slice(`/${area}/v1`.length) || "/") + search;
      if (area === "functions") return await this.#functions(request, path, remote, backends);
      if (area === "rest") return allowOrigins(request, await this.#rest(request, path, backends));
      if (area === "auth") return allowOrigins(request, await this.#auth(request, path, backends));
      if (area === "realtime") return this.#realtime(request, path, backends);
    }
    return json(404, { message: "no Route matched with those values" });
  }

  /** Functions check their callers themselves, and do their own CORS. */
  async #functions(
    request: Request,
    path: string,
    remote: Deno.NetAddr,
    backends: Backends,
  ): Promise<Response> {
    const headers = new Headers(request.headers);
    const { host } = new URL(this.url);
    headers.set("x-forwarded-for", remote.hostname);
    headers.set("x-forwarded-host", request.headers.get("host") ?? host);
    headers.set("x-forwarded-proto", "http");
    const origins = backends.functionsOrigins();
    return await forward(request, { origins, path, headers, client: this.#client });
  }

  async #rest(request: Request, path: string, backends: Backends): Promise<Response> {
    if (request.method === "OPTIONS") return new Response(null);
    const key = request.headers.get("apikey");
    const role = roleOf(key, backends.secrets);
    if (!role) return refuseKey(key);
    const headers = new Headers(request.headers);
    headers.delete("apikey");
    if (!carriesUserToken(request)) {
      headers.set("authorization", `Bearer ${await this.#roleToken(role, backends.signToken)}`);
    }
    const origins = backends.restOrigins();
    return await forward(request, { origins, path, headers, client: this.#client });
  }

  async #auth(request: Request, path: string, backends: Backends): Promise<Response> {
    if (request.method === "OPTIONS") return new Response(null);
    const key = request.headers.get("apikey");
    const role = roleOf(key, backends.secrets);
    const isPublic = path === "/.well-known/jwks.json" || path === "/health";
    if (!role && !isPublic) return refuseKey(key);
    return await backends.auth.answer(request, path, role);
  }

  /** A browser's WebSocket has no headers of its own: the key is in the query. */
  #realtime(request: Request, path: string, { realtime, secrets }: Backends): Response {
    const key = new URL(request.url).searchParams.get("apikey");
    const role = roleOf(key, secrets);
    return role ? realtime.answer(request, path, role) : refuseKey(key);
  }

  /** What PostgREST is shown for a caller with nothing but an API key. */
  async #roleToken(role: KeyRole, signToken: SignToken): Promise<string> {
    const cached = this.#roleTokens.get(role);
    if (cached && cached.until > Date.now()) return await cached.token;
    const token = signToken({ role }, roleTokenSeconds);
    this.#roleTokens.set(role, { token, until: Date.now() + roleTokenCachedMs });
    return await token;
  }
}

function roleOf(key: string | null, secrets: Secrets): KeyRole | undefined {
  if (key === secrets.publishableKey) return "anon";
  if (key === secrets.secretKey) return "service_role";
}

/** Clients without a session send their API key as the bearer, too. */
function carriesUserToken(request: Request): boolean {
  const authorization = request.headers.get("authorization") ?? "";
  return /^bearer /i.test(authorization) && !/^bearer sb_/i.test(authorization);
}

function refuseKey(key: string | null): Response {
  if (key !== null) {
    return json(401, {
      message: "Invalid API key",
      hint: "Use SUPABASE_PUBLISHABLE_KEY or SUPABASE_SECRET_KEY of the stack's env file.",
    });
  }
  return json(401, {
    message: "No API key found in request",
    hint: "No `apikey` request header was found.",
  });
}

function allowOrigins(request: Request, response: Response): Response {
  response.headers.set("access-control-allow-origin", "*");
  if (request.method !== "OPTIONS") return response;
  const asked = request.headers.get("access-control-request-headers");
  if (asked) response.headers.set("access-control-allow-headers", asked);
  response.headers.set("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  response.headers.set("access-control-max-age", "3600");
  return response;
}

function json(status: number, body: unknown): Response {
  return Response.json(body, { status });
}
