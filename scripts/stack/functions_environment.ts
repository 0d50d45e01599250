import { join } from "node:path";
import { parseEnv } from "node:util";
import { readIfExists } from "./files.ts";
import { publicKeySet, type Secrets } from "./keys.ts";
import { inherited } from "./process.ts";
import { functionsFolder } from "./workers.ts";

/** What the functions are told of the stack. */
export interface FunctionsEnvironment {
  url: string;
  databaseUrl: string;
  imageServerUrl: string;
  secrets: Secrets;
  /** Whether `supabase/functions/.env` goes before it all: it may name a provider that is paid. No when left out. */
  ownSecrets?: boolean;
}

/**
 * The whole environment of the functions: what the platform gives, what a person would set there as secrets, and before
 * both, where it is asked for, what `supabase/functions/.env` says, as with `supabase functions serve`.
 */
export async function functionsEnvironment(
  { url, databaseUrl, imageServerUrl, secrets, ownSecrets = false }: FunctionsEnvironment,
): Promise<Record<string, string>> {
  const own = ownSecrets ? await readIfExists(join(functionsFolder, ".env")) : undefined;
  return {
    // For Deno itself: where its cache is, and where packages come from.
    ...inherited("PATH", "HOME", "DENO_DIR", "NPM_CONFIG_REGISTRY"),
    NO_COLOR: "1", // its output goes to a file
    SUPABASE_URL: url,
    SUPABASE_DB_URL: databaseUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: secrets.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: secrets.secretKey }),
    SUPABASE_JWKS: JSON.stringify(publicKeySet(secrets)),
    WORKER_WALL_CLOCK_SECONDS: "0", // workers of the stack run on
    GENERATION_API_URL: `${imageServerUrl}/v1`,
    GENERATION_API_KEY: secrets.imageServerKey,
    GENERATION_MODEL: "local-painter",
    GENERATION_CHAT_API_URL: `${imageServerUrl}/v1`,
    GENERATION_CHAT_API_KEY: secrets.imageServerKey,
    GENERATION_CHAT_MODEL: "local-writer",
    GENERATION_CALLBACK_PROVIDER_URL: `${imageServerUrl}/v1/jobs`,
    GENERATION_CALLBACK_PROVIDER_KEY: secrets.imageServerKey,
    GENERATION_CALLBACK_SECRET: secrets.callbackSecret,
    ...parseEnv(own ?? "") as Record<string, string>,
  };
}
