import { waitUntil } from "../_shared/background.ts";
import { fromEnvironment, numberFromEnvironment } from "../_shared/environment.ts";
import { providersFromEnvironment } from "../_shared/providers/registry.ts";
import { submitGeneration } from "./handler.ts";

/** The platform ends a worker after 150 seconds (free) or 400; a call to the provider must end well before. */
const MAX_PROVIDER_TIMEOUT_SECONDS = 120;

const timeoutSeconds = Math.min(
  numberFromEnvironment("GENERATION_TIMEOUT_SECONDS", MAX_PROVIDER_TIMEOUT_SECONDS),
  MAX_PROVIDER_TIMEOUT_SECONDS,
);
if (timeoutSeconds === 0) throw new Error("GENERATION_TIMEOUT_SECONDS must be above 0");

export default {
  fetch: submitGeneration({
    ...fromEnvironment(),
    findProvider: providersFromEnvironment((name) => Deno.env.get(name)),
    providerTimeoutMs: timeoutSeconds * 1000,
    waitUntil,
  }),
};
