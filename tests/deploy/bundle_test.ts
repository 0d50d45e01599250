/**
 * What `supabase functions deploy` uploads is all that a function needs: each is run from its upload alone, against a
 * real stack, and really called. A file that is missing from a bundle, or an import from its deno.json, is found here.
 */

import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { dirname } from "node:path";
import { Webhook } from "standardwebhooks";
import { edgeFunctions } from "../../scripts/deploy/expected.ts";
import { functionsEnvironment } from "../../scripts/stack/functions_environment.ts";
import { loadSecrets } from "../../scripts/stack/keys.ts";
import { startTemporaryStack } from "../../scripts/temporary_stack.ts";
import { runBundle } from "./bundle.ts";
import { REF, startManagementApi } from "./management_api.ts";
import { supabase } from "./programs.ts";

interface Caller {
  token: string;
  secretKey: string;
  /** Signs what providers call back with. */
  callbackSecret: string;
}

/** One real call of each function, and the status of its answer. */
const CALLS: Record<string, (caller: Caller) => [path: string, init: RequestInit, status: number]> =
  {
    "account": ({ token }) => ["/account", as(token), 200],
    "check-and-deduct-credit": ({ token }) => [
      "/check-and-deduct-credit",
      { method: "POST", ...as(token), body: '{"type":"draft"}' },
      200,
    ],
    "refund-credit": ({ token }) => ["/refund-credit", { method: "POST", ...as(token) }, 409],
    "submit-generation": ({ token }) => [
      "/submit-generation",
      {
        method: "POST",
        ...as(token, { prefer: "wait=20" }),
        body: '{"type":"draft","input":{"prompt":"a pear"}}',
      },
      200,
    ],
    "events": ({ token }) => ["/events/ticket", { method: "POST", ...as(token) }, 200],
    // Signed, and about nothing that there is.
    "generation-callback": ({ callbackSecret }) => [
      "/generation-callback",
      signed(
        callbackSecret,
        JSON.stringify({
          type: "generation.failed",
          data: { generation_id: crypto.randomUUID(), attempt: crypto.randomUUID() },
        }),
      ),
      404,
    ],
    "operations": (
      { secretKey },
    ) => ["/operations/health", { headers: { apikey: secretKey } }, 200],
  };

function as(token: string, more = {}): { headers: Record<string, string> } {
  return {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...more },
  };
}

function signed(secret: string, body: string): RequestInit {
  const now = new Date();
  const headers = {
    "content-type": "application/json",
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign("msg_1", now, body),
  };
  return { method: "POST", headers, body };
}

Deno.test("functions deploy", async (t) => {
  await using stack = await startTemporaryStack({ sweep: false });
  await using api = await startManagementApi(stack.databaseUrl);
  const names = await edgeFunctions();

  await t.step("uploads every function of config.toml, and each goes live", async () => {
    const deployed = await supabase([
      "functions",
      "deploy",
      "--use-api",
      "--yes",
      `--remote=${REF}`,
    ], api);
    strictEqual(deployed.code, 0, deployed.said);
    deepStrictEqual([...api.functions.keys()].sort(), names.toSorted());
  });

  await t.step("sends what config.toml says of each: no check of tokens before ours", () => {
    for (const name of names) {
      deepStrictEqual(api.functions.get(name)?.metadata, {
        name,
        entrypoint_path: `supabase/functions/${name}/index.ts`,
        import_map_path: `supabase/functions/${name}/deno.json`,
        verify_jwt: false,
        static_patterns: [],
      });
    }
  });

  await t.step("uploads no tests, no secrets and no files of another function", () => {
    for (const [name, { files }] of api.functions) {
      for (const path of files.keys()) {
        match(path, new RegExp(`^supabase/functions/(_shared(/providers)?|${name})/[\\w.-]+$`));
        ok(!/_test\.ts$|\.env/.test(path), path);
      }
    }
  });

  await t.step("is what functions list answers", async () => {
    const listed = await supabase(
      ["functions", "list", `--remote=${REF}`, "--output-format=json", "--agent=no"],
      api,
    );
    strictEqual(listed.code, 0, listed.said);
    const { functions } = JSON.parse(listed.stdout);
    deepStrictEqual(
      functions.map((
        { slug, status, version }: Record<string, unknown>,
      ) => [slug, status, version]),
      [...api.functions.keys()].map((name) => [name, "ACTIVE", 1]),
    );
  });

  const { url, databaseUrl, imageServerUrl, secretKey } = stack;
  const secrets = await loadSecrets(dirname(stack.envFile));
  const env = await functionsEnvironment({ url, databaseUrl, imageServerUrl, secrets });
  const signUp = await fetch(`${url}/auth/v1/signup`, {
    method: "POST",
    headers: { apikey: stack.publishableKey, "content-type": "application/json" },
    body: "{}",
  });
  const { callbackSecret } = secrets;
  const caller = { token: (await signUp.json()).access_token, secretKey, callbackSecret };

  await t.step("uploads all that each function needs to run and answer", async () => {
    deepStrictEqual(names.toSorted(), Object.keys(CALLS).sort(), "CALLS says how each is called");
    await using running = new AsyncDisposableStack();
    const origins = await Promise.all(
      names.map(async (name) => {
        const uploaded = api.functions.get(name);
        ok(uploaded, name);
        const { origin } = running.use(await runBundle(uploaded, env));
        return [name, origin] as const;
      }),
    );
    for (const [name, origin] of origins.toSorted(([a], [b]) => rank(a) - rank(b))) {
      const [path, init, status] = CALLS[name]!(caller);
      const response = await fetch(`${origin}${path}`, init);
      strictEqual(response.status, status, `${name}: ${await response.text()}`);
    }
  });

  await t.step("and a bundle that lacks a file does not start: this test can fail", async () => {
    const uploaded = api.functions.get("account");
    ok(uploaded);
    const files = new Map(uploaded.files);
    ok(files.delete("supabase/functions/_shared/serve.ts"));
    await rejects(runBundle({ ...uploaded, files }, env), /Module not found.*serve\.ts/s);
  });
});

/** The order of the calls: refund-credit finds nothing to refund once submit-generation has claimed the reservation. */
function rank(name: string): number {
  return ["check-and-deduct-credit", "submit-generation", "refund-credit"].indexOf(name);
}
