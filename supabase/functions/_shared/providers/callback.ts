/** Work that takes longer than a worker lives: the job is posted to a provider, which calls generation-callback when it is done. */

import { post } from "./post.ts";
import type { Provider } from "./provider.ts";

export interface CallbackOptions {
  /** Where jobs are posted. */
  url: string;
  /** Sent as a bearer token, where the provider asks for one. */
  key: string | null;
  /** Where this project's generation-callback is, for the provider. */
  callbackUrl: string;
}

/** The longest wait for one answer, in milliseconds: it is to accept the job, not to do it. */
const ACCEPT_TIMEOUT_MS = 15_000;

/**
 * Posts `{generation_id, attempt, type, input, options, callback_url}`; any 2xx accepts it. The id of the generation is the
 * `Idempotency-Key`: the same job may arrive more than once.
 */
export function callbackProvider(
  { url, key, callbackUrl }: CallbackOptions,
): Provider {
  return {
    async start(
      { generationId, attempt, type, input, options, deadline },
      signal,
    ) {
      await post({
        url,
        key,
        headers: { "idempotency-key": generationId },
        body: {
          generation_id: generationId,
          attempt,
          type,
          input,
          options,
          callback_url: callbackUrl,
        },
        signal,
        deadline,
        repeatable: true,
        timeoutMs: ACCEPT_TIMEOUT_MS,
      });
      return { handedOver: true };
    },
  };
}
