import { rejects, strictEqual } from "node:assert/strict";
import { ProviderError } from "./provider.ts";
import { never, soon } from "./provider_stand_in.ts";
import { withRetries } from "./retry.ts";

/** Work that fails so often, in this way, before it succeeds. */
function failing(error: Error, times: number) {
  let tries = 0;
  return {
    tries: () => tries,
    work: () => ++tries > times ? Promise.resolve(tries) : Promise.reject(error),
  };
}
const retryable = new ProviderError("provider_error", {
  retry: { afterMs: 0 },
});

Deno.test("withRetries() tries three times in all what is safe to try again", async () => {
  const { work, tries } = failing(retryable, 2);
  strictEqual(await withRetries(work, { deadline: soon(), signal: never }), 3);
  strictEqual(tries(), 3);
  const more = failing(retryable, 3);
  await rejects(
    withRetries(more.work, { deadline: soon(), signal: never }),
    retryable,
  );
  strictEqual(more.tries(), 3);
});

for (
  const [what, error] of [
    ["a failure of unknown effect", new ProviderError("provider_unreachable")],
    ["a bug", new TypeError("x is undefined")],
  ] as const
) {
  Deno.test(`withRetries() tries ${what} once`, async () => {
    const { work, tries } = failing(error, 1);
    await rejects(
      withRetries(work, { deadline: soon(), signal: never }),
      error,
    );
    strictEqual(tries(), 1);
  });
}

Deno.test("withRetries() tries nothing again past the deadline, or before which the wait does not end", async () => {
  const late = failing(retryable, 1);
  await rejects(
    withRetries(late.work, { deadline: new Date(0), signal: never }),
    retryable,
  );
  strictEqual(late.tries(), 1);
  const long = new ProviderError("provider_error", {
    retry: { afterMs: 60_000 },
  });
  const waits = failing(long, 1);
  await rejects(
    withRetries(waits.work, { deadline: soon(), signal: never }),
    long,
  );
  strictEqual(waits.tries(), 1);
});

Deno.test("withRetries() tries nothing again once the wait has been ended", async () => {
  const { work, tries } = failing(retryable, 1);
  await rejects(
    withRetries(work, { deadline: soon(), signal: AbortSignal.abort() }),
    retryable,
  );
  strictEqual(tries(), 1);
});
