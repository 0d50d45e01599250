/** Sends again what is safe to send again, while there is time. */

import { DelegateBackoff, handleWhen, retry } from "cockatiel";
import { ProviderError } from "./provider.ts";

/** Retries at most, after the first try. */
const MAX_RETRIES = 2;

/**
 * Does `work`, and does it again where it fails with a {@link ProviderError} that says that this is safe, and the wait that
 * goes before ends before the deadline.
 */
export async function withRetries<T>(
  work: () => Promise<T>,
  { deadline, signal }: { deadline: Date; signal: AbortSignal },
): Promise<T> {
  const hasTime = (milliseconds: number) => Date.now() + milliseconds < deadline.getTime();
  const policy = retry(
    handleWhen((error) =>
      error instanceof ProviderError && error.retry !== null &&
      hasTime(error.retry.afterMs ?? 0)
    ),
    {
      maxAttempts: MAX_RETRIES,
      backoff: new DelegateBackoff(({ attempt, result }) => {
        const error = "error" in result ? result.error : null;
        // Full jitter, as in _shared/database.ts, where the provider named no time.
        const afterMs = error instanceof ProviderError ? error.retry?.afterMs : null;
        return afterMs ?? Math.random() * 200 * 2 ** attempt;
      }),
    },
  );
  return await policy.execute(work, signal);
}
