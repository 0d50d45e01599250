/**
 * The running stack that the tests talk to: the one whose env file `STACK_ENV` names, `.stack/env` by default. So
 * `deno task start` in one terminal and `deno test -A tests/e2e` in another is all it takes to work on one of them.
 */

import { dirname } from "node:path";
import { parseEnv } from "node:util";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";

const root = new URL("../..", import.meta.url);
const path = Deno.env.get("STACK_ENV") ?? new URL(".stack/env", root).pathname;

async function readEnv(): Promise<Record<string, string>> {
  try {
    return parseEnv(await Deno.readTextFile(path)) as Record<string, string>;
  } catch (cause) {
    throw new Error(`No stack is running (${path}): start one with \`deno task start\``, { cause });
  }
}

function required(env: Record<string, string>, name: string): string {
  const value = env[name];
  if (value === undefined) throw new Error(`${path} does not name ${name}`);
  return value;
}

const env = await readEnv();

export const stack = {
  url: required(env, "SUPABASE_URL"),
  publishableKey: required(env, "SUPABASE_PUBLISHABLE_KEY"),
  secretKey: required(env, "SUPABASE_SECRET_KEY"),
  databaseUrl: required(env, "SUPABASE_DB_URL"),
  /** The local provider. */
  imageServerUrl: required(env, "IMAGE_SERVER_URL"),
  functionsUrl: `${required(env, "SUPABASE_URL")}/functions/v1`,
  /** With its secrets and logs. */
  folder: dirname(path),
};

/** An unmodified supabase-js client, as an app has it. */
export function appClient(key = stack.publishableKey): SupabaseClient {
  return createClient(stack.url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
}

/** Connections as the role postgres; each test file ends its own. */
export function connect(options: { max?: number } = {}): postgres.Sql {
  return postgres(stack.databaseUrl, { max: options.max ?? 2, onnotice: () => {} });
}
