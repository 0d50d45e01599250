/**
 * The work behind an accepted submission: the provider's answer, and the settlement. It runs on after the answer to the
 * client; if the worker dies with it, the lease lapses and the sweeper gives the credits back.
 */

import type { Call } from "../_shared/database.ts";
import { describe, type Log } from "../_shared/log.ts";
import { Problem } from "../_shared/problem.ts";
import { type Provider, ProviderError } from "../_shared/provider.ts";
import type { TakeTurns } from "../_shared/turns.ts";

/** How long a worker may be silent before the sweeper takes it for dead, in seconds: four heartbeats missed. */
export const LEASE_SECONDS = 45;
const HEARTBEAT_MS = 10_000;

export interface Job {
  userId: string;
  generationId: string;
  leaseToken: string;
  /** When the database expires it. */
  deadline: Date;
  input: Record<string, unknown>;
  requestId: string;
}

export interface WorkDependencies {
  call: Call;
  takeTurns: TakeTurns;
  log: Log;
  provider: Provider;
  /** The longest wait for the provider, in milliseconds. */
  providerTimeoutMs: number;
}

/** Generates and settles. Never throws: what goes wrong is logged, and the row is the truth. */
export async function work(job: Job, dependencies: WorkDependencies): Promise<void> {
  const { log, provider, providerTimeoutMs } = dependencies;
  const note = { request_id: job.requestId, generation_id: job.generationId, user_id: job.userId };
  const timeout = Math.max(0, Math.min(providerTimeoutMs, job.deadline.getTime() - Date.now()));
  const stopHeartbeat = startHeartbeat(job, dependencies, note);
  let settlement: Settlement;
  try {
    const result = await provider.generate(job.input, AbortSignal.timeout(timeout));
    settlement = { name: "complete_generation", parameters: { p_result: result } };
  } catch (error) {
    log("error", "Generation failed", { ...note, ...describe(error) });
    // What is no ProviderError is a bug of ours: the user gets the credits back all the same.
    const reason = error instanceof ProviderError ? error.reason : "internal_error";
    settlement = { name: "fail_generation", parameters: { p_reason: reason } };
  } finally {
    stopHeartbeat();
  }
  await settle(job, settlement, dependencies, note);
}

interface Settlement {
  name: "complete_generation" | "fail_generation";
  parameters: Record<string, unknown>;
}

async function settle(
  job: Job,
  { name, parameters }: Settlement,
  { call, takeTurns, log }: WorkDependencies,
  note: Record<string, unknown>,
): Promise<void> {
  const failed = name === "fail_generation";
  try {
    const answer = await takeTurns(job.userId, () =>
      call(name, {
        p_generation_id: job.generationId,
        p_lease_token: job.leaseToken,
        ...parameters,
      }, { repeatable: true }));
    if (failed) {
      const refunded = Number(answer["refunded"]);
      const message = refunded > 0
        ? `Refunded ${refunded} credit(s) to user ${job.userId} due to ${parameters["p_reason"]}`
        : `Kept the charge of user ${job.userId} despite ${
          parameters["p_reason"]
        }, as its type says`;
      log("info", message, { ...note, refunded });
    }
  } catch (error) {
    // Settled before us: by an attempt of ours whose answer was lost, by an operator, or by the sweeper.
    if (error instanceof Problem && error.code === "GENERATION_ALREADY_SETTLED") {
      log("warn", `Settled already: ${error.fields["state"]}`, note);
      return;
    }
    const message = failed
      ? `Failed to refund user ${job.userId}; the sweeper will`
      : `Failed to complete a generation of user ${job.userId}; the sweeper will refund it`;
    log("error", message, { ...note, ...describe(error) });
  }
}

function startHeartbeat(
  job: Job,
  { call, log }: WorkDependencies,
  note: Record<string, unknown>,
): () => void {
  const timer = setInterval(async () => {
    try {
      await call("extend_lease", {
        p_generation_id: job.generationId,
        p_lease_token: job.leaseToken,
        p_lease_seconds: LEASE_SECONDS,
      }, { repeatable: true });
    } catch (error) {
      // Not the end: the lease outlives some of these, and the settlement asks for the token, not for the clock.
      log("warn", "A heartbeat failed", { ...note, ...describe(error) });
    }
  }, HEARTBEAT_MS);
  return () => clearInterval(timer);
}
