/**
 * The work behind an accepted submission: the provider's answer, and the settlement; or the hand-over to a provider that
 * calls back. It runs on after the answer to the client; if the worker dies with it, the lease lapses and the sweeper gives
 * the credits back.
 */

import { ExponentialBackoff, handleWhen, retry } from "cockatiel";
import type { Call } from "../_shared/database.ts";
import { describe, type Log } from "../_shared/log.ts";
import { Problem } from "../_shared/problem.ts";
import { ProviderError } from "../_shared/providers/provider.ts";
import type { FindProvider } from "../_shared/providers/registry.ts";
import { logSettlement } from "../_shared/settlement_log.ts";
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
  type: string;
  /** Credits that were charged. */
  cost: number;
  input: Record<string, unknown>;
  /** The name of the type's provider; null where the type is gone. */
  provider: string | null;
  /** The type's `provider_options`. */
  options: Record<string, unknown>;
  requestId: string;
}

export interface WorkDependencies {
  call: Call;
  takeTurns: TakeTurns;
  log: Log;
  findProvider: FindProvider;
  /** The longest wait for the provider, in milliseconds. */
  providerTimeoutMs: number;
}

/** Generates and settles, or hands over. Never throws: what goes wrong is logged, and the row is the truth. */
export async function work(
  job: Job,
  dependencies: WorkDependencies,
): Promise<void> {
  const { log, findProvider, providerTimeoutMs } = dependencies;
  const note = {
    request_id: job.requestId,
    generation_id: job.generationId,
    user_id: job.userId,
  };
  const timeout = Math.max(
    0,
    Math.min(providerTimeoutMs, job.deadline.getTime() - Date.now()),
  );
  const heartbeat = startHeartbeat(job, dependencies, note);
  const settlement = await generate(job, timeout, heartbeat.lost, { log, findProvider }, note);
  if (settlement) {
    await settle(job, settlement, dependencies, note);
    await heartbeat.stop();
  } else {
    // A heartbeat that arrived after the hand-over would be refused, and reported.
    await heartbeat.stop();
    await handOver(job, dependencies, note);
  }
}

/** What came of the provider, as it is to be settled; null where the provider has taken the job over. */
async function generate(
  job: Job,
  timeoutMs: number,
  lost: AbortSignal,
  { log, findProvider }: Pick<WorkDependencies, "log" | "findProvider">,
  note: Record<string, unknown>,
): Promise<Settlement | null> {
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), lost]);
  try {
    const started = findProvider(job.provider).start({
      generationId: job.generationId,
      attempt: job.leaseToken,
      type: job.type,
      input: job.input,
      options: job.options,
      cost: job.cost,
      deadline: new Date(Date.now() + timeoutMs),
    }, signal);
    const outcome = await Promise.race([started, timedOut(signal)]);
    if ("handedOver" in outcome) return null;
    if (outcome.warning) log("warn", outcome.warning, note);
    return {
      name: "complete_generation",
      parameters: { p_result: outcome.result, p_cost: costOf(outcome.cost, job.cost) },
      reason: "settled_below_cost",
    };
  } catch (error) {
    log("error", "Generation failed", { ...note, ...describe(error) });
    // What is no ProviderError is a bug of ours: the user gets the credits back all the same.
    const reason = error instanceof ProviderError ? error.reason : "internal_error";
    return { name: "fail_generation", parameters: { p_reason: reason }, reason };
  }
}

/** Rejects when the wait ends, for an adapter that does not look at its signal; a little later, for one that does. */
function timedOut(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => setTimeout(() => reject(new ProviderError("provider_timeout")), 100);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** What to settle for, in whole credits from 0 to what was charged; null: all of it. */
function costOf(cost: number | undefined, charged: number): number | null {
  return cost === undefined || Number.isNaN(cost)
    ? null
    : Math.max(0, Math.min(Math.ceil(cost), charged));
}

/** From here on only the deadline ends what the provider does not: the lease's clock stops. */
async function handOver(
  job: Job,
  { call, log }: WorkDependencies,
  note: Record<string, unknown>,
): Promise<void> {
  try {
    await persist(job, () =>
      call("hand_over_generation", {
        p_generation_id: job.generationId,
        p_lease_token: job.leaseToken,
      }, { repeatable: true }));
    log("info", "Handed over to the provider", note);
  } catch (error) {
    // The provider was quicker than we, or an operator has released it.
    if (error instanceof Problem && error.code === "GENERATION_NOT_FOUND") {
      log("info", "Settled before it was handed over", note);
      return;
    }
    log(
      "error",
      "A hand-over failed; unless the provider is done first, the sweeper will refund",
      {
        ...note,
        ...describe(error),
      },
    );
  }
}

interface Settlement {
  name: "complete_generation" | "fail_generation";
  parameters: Record<string, unknown>;
  /** Why credits come back, if any do. */
  reason: string;
}

async function settle(
  job: Job,
  { name, parameters, reason }: Settlement,
  { call, takeTurns, log }: WorkDependencies,
  note: Record<string, unknown>,
): Promise<void> {
  try {
    const answer = await persist(job, () =>
      takeTurns(job.userId, () =>
        call(name, {
          p_generation_id: job.generationId,
          p_lease_token: job.leaseToken,
          ...parameters,
        }, { repeatable: true })));
    logSettlement(log, answer, reason, note);
  } catch (error) {
    // Settled before us: by an attempt of ours whose answer was lost, by an operator, or by the sweeper.
    if (error instanceof Problem && error.code === "GENERATION_ALREADY_SETTLED") {
      log("warn", `Settled already: ${error.fields["state"]}`, note);
      return;
    }
    if (error instanceof Problem && error.code === "PROFILE_NOT_FOUND") {
      log("warn", "Settled already: the account was closed, and what it held came back", note);
      return;
    }
    const message = name === "fail_generation"
      ? `Failed to refund user ${job.userId}; the sweeper will`
      : `Failed to complete a generation of user ${job.userId}; the sweeper will refund it`;
    log("error", message, { ...note, ...describe(error) });
  }
}

/** Repeats what fails for the moment, within the lease: a result that was paid for is not thrown away for a busy account. */
function persist<T>(job: Job, work: () => Promise<T>): Promise<T> {
  const until = Math.min(Date.now() + LEASE_SECONDS * 1000, job.deadline.getTime());
  const policy = retry(
    handleWhen((error) =>
      error instanceof Problem &&
      (error.code === "ACCOUNT_BUSY" || error.code === "DATABASE_UNAVAILABLE") &&
      Date.now() < until
    ),
    {
      maxAttempts: 100,
      backoff: new ExponentialBackoff({ initialDelay: 250, maxDelay: 4000 }),
    },
  );
  return policy.execute(work);
}

interface Heartbeat {
  /** Aborted when the lease is not ours any more: nobody waits for the result. */
  lost: AbortSignal;
  /** Resolves when the last beat has arrived. */
  stop(): Promise<void>;
}

/** Extends the lease until it is stopped. */
function startHeartbeat(
  job: Job,
  { call, log }: WorkDependencies,
  note: Record<string, unknown>,
): Heartbeat {
  const lost = new AbortController();
  let lastBeat = Promise.resolve();
  async function beat(): Promise<void> {
    try {
      await call("extend_lease", {
        p_generation_id: job.generationId,
        p_lease_token: job.leaseToken,
        p_lease_seconds: LEASE_SECONDS,
      }, { repeatable: true });
    } catch (error) {
      if (error instanceof Problem && error.code === "GENERATION_NOT_FOUND") {
        clearInterval(timer);
        log("warn", "The lease was lost: somebody else has settled the generation", note);
        lost.abort();
        return;
      }
      // Not the end: the lease outlives some of these, and the settlement asks for the token, not for the clock.
      log("warn", "A heartbeat failed", { ...note, ...describe(error) });
    }
  }
  const timer = setInterval(() => {
    lastBeat = Promise.all([lastBeat, beat()]).then(() => {});
  }, HEARTBEAT_MS);
  return {
    lost: lost.signal,
    stop() {
      clearInterval(timer);
      return lastBeat;
    },
  };
}
