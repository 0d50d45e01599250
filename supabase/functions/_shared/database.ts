/** The database as the functions see it: one RPC a request, refusals as values, outages as problems. */

import { createAdminClient } from "@supabase/server/core";
import type { SupabaseClient } from "@supabase/supabase-js";
import { type Code, Problem, STATUS_OF } from "./problem.ts";

/** What a function of the database answers: see the comment above each in supabase/migrations. */
export type Answer = Record<string, unknown>;

export interface CallOptions {
  /**
   * Whether the call can be sent again when nobody knows whether it arrived: a read, one with an idempotency key, or one
   * whose guarded update does nothing the second time.
   */
  repeatable: boolean;
  /** How long the answer may take, in milliseconds; 10 seconds when left out, twice what the database gives a statement. */
  timeoutMs?: number;
}

/**
 * Calls a function of the database and answers its success, without the `success` member.
 *
 * @throws {Problem} The refusal; `ACCOUNT_BUSY` or `DATABASE_UNAVAILABLE`; `Error` for a bug.
 */
export type Call = (
  name: string,
  parameters: Record<string, unknown>,
  options: CallOptions,
) => Promise<Answer>;

const TIMEOUT_MS = 10_000;

/** Tries in all, for a repeatable call that met a deadlock or a lost connection. */
const MAX_TRIES = 3;

/** SQLSTATEs and PostgREST codes that say that the transaction was rolled back and may be tried again. */
const RETRYABLE = /^(40P01|40001)$/;
/** Lock timeout, statement timeout, no connection in the pool. */
const BUSY = /^(55P03|57014|PGRST003)$/;
/** Connection lost or refused, server shutting down or full. */
const UNAVAILABLE = /^(08...|53...|57P0.|PGRST00[0-2])$/;

/** What of an error of `supabase-js` is looked at. */
interface CallError {
  code?: string | null;
  message: string;
}

type Outcome = { answer: Answer } | { problem: Problem; retry: boolean };

/** A {@link Call} on the project of the environment, with its secret key. */
export function createDatabase(): Call {
  let client: SupabaseClient | undefined;
  return async (name, parameters, options) => {
    client ??= createAdminClient() as unknown as SupabaseClient;
    for (let attempt = 1;; attempt++) {
      const signal = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
      const { data, error, status } = await client.rpc(name, parameters)
        .abortSignal(signal);
      const outcome = error === null ? accept(data) : judge(error, status, name, signal.aborted);
      if ("answer" in outcome) return outcome.answer;
      if (!outcome.retry || !options.repeatable || attempt >= MAX_TRIES) {
        throw outcome.problem;
      }
      await pause(attempt);
    }
  };
}

function accept(data: unknown): Outcome {
  const { success, ...answer } = data as Answer;
  if (success === true) return { answer };
  const { error, message, ...fields } = answer;
  return {
    problem: refusal(String(error), String(message), fields),
    retry: false,
  };
}

function refusal(code: string, message: string, fields: Answer): Problem {
  if (!(code in STATUS_OF)) {
    throw new Error(`The database refused with an unknown code: ${code}`);
  }
  const headers: Record<string, string> = {};
  if (code === "RATE_LIMITED") {
    headers["retry-after"] = String(fields["retry_after_seconds"]);
  }
  return new Problem(code satisfies string as Code, message, fields, headers);
}

function judge(
  error: CallError,
  status: number,
  name: string,
  hasTimedOut: boolean,
): Outcome {
  const code = error.code ?? "";
  if (BUSY.test(code)) {
    return {
      problem: unavailable(
        "ACCOUNT_BUSY",
        "Somebody else is writing here at this moment; try again in a moment",
      ),
      retry: false,
    };
  }
  const isRetryable = RETRYABLE.test(code);
  // Without a code of Postgres or PostgREST, the answer came from in between, or none came at all (status 0); and where its
  // connection broke during the call, PostgREST 12 answers 400 with a code that is empty.
  const isLost = status === 0 || UNAVAILABLE.test(code) || error.code === "" ||
    (code === "" && status >= 500);
  if (isRetryable || isLost) {
    return {
      problem: unavailable(
        "DATABASE_UNAVAILABLE",
        "The database cannot be reached; try again in a moment",
      ),
      // Not where it took too long: it would take as long again.
      retry: !hasTimedOut,
    };
  }
  throw new Error(`${name} failed with ${code || status}: ${error.message}`);
}

function unavailable(code: Code, detail: string): Problem {
  return new Problem(code, detail, {}, { "retry-after": "1" });
}

/** Full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015). */
function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 100 * 2 ** attempt));
}
