import { fromEnvironment } from "../_shared/environment.ts";
import { openaiImages } from "../_shared/provider.ts";
import { submitGeneration } from "./handler.ts";

declare const EdgeRuntime: { waitUntil(promise: Promise<unknown>): void };

/** The platform ends a worker after 150 seconds (free) or 400; a call to the provider must end well before. */
const MAX_PROVIDER_TIMEOUT_SECONDS = 120;

function required(name: string): string {
  const value = Deno.env.get(name);
  if (!value) {
    throw new Error(`${name} is not set; supabase/functions/.env.example says what it is`);
  }
  return value;
}

const timeoutSeconds = Number(
  Deno.env.get("GENERATION_TIMEOUT_SECONDS") ?? MAX_PROVIDER_TIMEOUT_SECONDS,
);

export default {
  fetch: submitGeneration({
    ...fromEnvironment(),
    provider: openaiImages({
      url: required("GENERATION_API_URL"),
      key: required("GENERATION_API_KEY"),
      model: required("GENERATION_MODEL"),
    }),
    providerTimeoutMs: Math.min(timeoutSeconds, MAX_PROVIDER_TIMEOUT_SECONDS) * 1000,
    waitUntil: (promise) => EdgeRuntime.waitUntil(promise),
  }),
};
