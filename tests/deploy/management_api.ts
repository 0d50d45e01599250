/**
 * A stand-in of Supabase's management API on the loopback, as far as `supabase functions deploy --use-api`, `functions
 * list`, `secrets list` and `db query` ask it. The paths and forms are those that the CLI 3.1.0 was seen to use.
 */

import { timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import postgres from "postgres";

/** The project that it knows. */
export const REF = "abcdefghijklmnopqrst";

/** What was said of a function when it was uploaded. */
export interface FunctionMetadata {
  name: string;
  entrypoint_path: string;
  import_map_path: string;
  verify_jwt: boolean;
  static_patterns: string[];
}

/** A function as it was uploaded. */
export interface DeployedFunction {
  metadata: FunctionMetadata;
  /** Contents by path, relative to the root of the repository. */
  files: Map<string, Uint8Array>;
  version: number;
}

export interface ManagementApi extends AsyncDisposable {
  /** A file for the CLI's `--profile`. */
  readonly profile: string;
  /** What the CLI needs in its environment to come here, and to leave nothing in the home folder. */
  readonly env: Record<string, string>;
  /** Functions that are live, by name. */
  readonly functions: Map<string, DeployedFunction>;
  /** Names of the project's secrets. */
  secrets: string[];
  /** Refuses the upload of this function. */
  broken: string | null;
  /** Where the live functions answer, as far as a call without a key sees it; the real ones are called in bundle_test. */
  readonly siteUrl: string;
}

/** Starts it. `databaseUrl` is the project's database, for `db query`. */
export async function startManagementApi(databaseUrl: string): Promise<ManagementApi> {
  await using parts = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "management-api-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  const token = `sbp_${crypto.randomUUID().replaceAll("-", "")}01234567`;
  // Uploaded, but not live before the list of all of them is put.
  const uploads = new Map<string, DeployedFunction>();

  const authorized = (request: Request) => {
    const given = new TextEncoder().encode(request.headers.get("authorization") ?? "");
    const wanted = new TextEncoder().encode(`Bearer ${token}`);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  };

  const upload = async (request: Request, url: URL) => {
    const form = await request.formData();
    const metadata: FunctionMetadata = JSON.parse(String(form.get("metadata")));
    const slug = url.searchParams.get("slug") ?? metadata.name;
    if (slug === api.broken) return Response.json({ message: "Bundling failed" }, { status: 400 });
    const files = new Map<string, Uint8Array>();
    for (const file of form.getAll("file")) {
      if (!(file instanceof File)) throw new TypeError(`A file of ${slug} is no file`);
      files.set(file.name, new Uint8Array(await file.arrayBuffer()));
    }
    const uploaded = { metadata, files, version: (api.functions.get(slug)?.version ?? 0) + 1 };
    const isLive = url.searchParams.get("bundleOnly") !== "true";
    (isLive ? api.functions : uploads).set(slug, uploaded);
    return Response.json(described(slug, uploaded), { status: 201 });
  };

  const publish = async (request: Request) => {
    const records: { slug: string }[] = await request.json();
    for (const { slug } of records) {
      const uploaded = uploads.get(slug);
      if (!uploaded) return Response.json({ message: `${slug} was not uploaded` }, { status: 400 });
      api.functions.set(slug, uploaded);
    }
    return Response.json({ functions: listed(api.functions) });
  };

  const query = async (request: Request) => {
    const { query, read_only } = await request.json();
    const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
    try {
      const rows = await sql.begin(read_only ? "read only" : "", (sql) => sql.unsafe(query));
      return Response.json(rows, { status: 201 });
    } catch (error) {
      return Response.json({ message: String(error) }, { status: 400 });
    } finally {
      await sql.end();
    }
  };

  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const route = `${request.method} ${url.pathname}`;
    if (!authorized(request)) return Response.json({ message: "Unauthorized" }, { status: 401 });
    const project = `/v1/projects/${REF}`;
    switch (route) {
      case `POST ${project}/functions/deploy`:
        return await upload(request, url);
      case `PUT ${project}/functions`:
        return await publish(request);
      case `GET ${project}/functions`:
        return Response.json(listed(api.functions));
      case `GET ${project}/secrets`:
        return Response.json(api.secrets.map((name) => ({ name, value: "0".repeat(64) })));
      case `POST ${project}/database/query`:
        return await query(request);
      default:
        return Response.json({ message: "Not found" }, { status: 404 });
    }
  };

  const site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const name = /^\/functions\/v1\/([\w-]+)/.exec(new URL(request.url).pathname)?.[1] ?? "";
    if (!api.functions.has(name)) return new Response("", { status: 404 });
    const headers = {
      "access-control-expose-headers": "idempotent-replayed",
      "content-type": "application/problem+json",
    };
    const isPreflight = request.method === "OPTIONS";
    return new Response(isPreflight ? null : "{}", { status: isPreflight ? 204 : 401, headers });
  });
  parts.defer(() => site.shutdown());
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  parts.defer(() => server.shutdown());
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const profile = join(folder, "profile.yaml");
  await Deno.writeTextFile(
    profile,
    `name: stand-in
api_url: ${origin}
dashboard_url: ${origin}
docs_url: ${origin}
project_host: stand-in.invalid
`,
  );
  const running = parts.move();
  const api: ManagementApi = {
    profile,
    env: {
      SUPABASE_ACCESS_TOKEN: token,
      SUPABASE_HOME: join(folder, "supabase-cli"),
      PGSSLMODE: "disable",
    },
    functions: new Map(),
    secrets: [],
    broken: null,
    siteUrl: `http://127.0.0.1:${site.addr.port}`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  return api;
}

function described(slug: string, { metadata, version }: DeployedFunction) {
  return {
    id: crypto.randomUUID(),
    slug,
    name: metadata.name,
    status: "ACTIVE",
    version,
    verify_jwt: metadata.verify_jwt,
    entrypoint_path: metadata.entrypoint_path,
    import_map_path: metadata.import_map_path,
    created_at: Date.now(),
    updated_at: Date.now(),
  };
}

function listed(functions: Map<string, DeployedFunction>) {
  return [...functions].map(([slug, deployed]) => described(slug, deployed));
}
