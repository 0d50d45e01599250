import * as contract from "../_shared/contract.ts";
import type { Answer } from "../_shared/database.ts";
import type { Dependencies } from "../_shared/environment.ts";
import { reply } from "../_shared/idempotency.ts";
import { Problem } from "../_shared/problem.ts";
import { type Reason, REASONS } from "../_shared/providers/provider.ts";
import type { FindProvider } from "../_shared/providers/registry.ts";
import { type Reply, route, serve } from "../_shared/serve.ts";
import { readView } from "../_shared/read_view.ts";
import { waitSeconds } from "./prefer.ts";
import { LEASE_SECONDS, work } from "./work.ts";

export interface SubmitDependencies extends Dependencies {
  findProvider: FindProvider;
  /** The longest wait for the provider, in milliseconds. */
  providerTimeoutMs: number;
  /** Keeps the worker alive until a promise is settled; `EdgeRuntime.waitUntil` on the platform. */
  waitUntil(promise: Promise<unknown>): void;
}

/** How often a replayed submission that waits looks for its result, in milliseconds. */
const LOOK_EVERY_MS = 250;

/**
 * `POST /submit-generation` charges (or claims the reservation), answers 202, and works on. With `Prefer: wait=N` it
 * answers the finished generation, if that comes within N seconds.
 */
export function submitGeneration(dependencies: SubmitDependencies) {
  const { call, takeTurns, waitUntil } = dependencies;

  const submit = route(
    contract.submit,
    async ({ userId, body, idempotencyKey, headers, requestId }) => {
      const {
        lease_token,
        charged: _charged,
        type,
        provider,
        provider_options,
        ...accepted
      } = await takeTurns(userId, () =>
        call("submit_generation", {
          p_user_id: userId,
          p_type: body.type ?? null,
          p_input: body.input,
          p_generation_id: body.generation_id ?? null,
          p_lease_seconds: LEASE_SECONDS,
          p_idempotency_key: idempotencyKey,
        }, { repeatable: idempotencyKey !== null }));
      const id = String(accepted["generation_id"]);

      // A replay holds no lease: whoever had the first answer is working on it.
      let worked: Promise<void> | null = null;
      if (typeof lease_token === "string") {
        worked = work({
          userId,
          generationId: id,
          leaseToken: lease_token,
          deadline: new Date(String(accepted["deadline_at"])),
          type: String(type),
          cost: Number(accepted["cost"]),
          input: body.input,
          provider: provider === null ? null : String(provider),
          options: (provider_options ?? {}) as Record<string, unknown>,
          requestId,
        }, dependencies);
        waitUntil(worked);
      }

      const location = { location: `/functions/v1/account/generations/${id}` };
      const wait = waitSeconds(headers);
      if (wait === 0) return reply(accepted, 202, location);
      const waited = { ...location, "preference-applied": `wait=${wait}` };
      const finished = await finishedWithin(wait, id, userId, worked);
      return finished
        ? outcomeOf({ ...finished, replayed: accepted["replayed"] }, waited)
        : reply(accepted, 202, waited);
    },
  );

  /** The generation once it is settled, or null when `seconds` have passed. */
  async function finishedWithin(
    seconds: number,
    id: string,
    userId: string,
    worked: Promise<void> | null,
  ): Promise<Answer | null> {
    const until = performance.now() + seconds * 1000;
    const rest = () => until - performance.now();
    if (worked) await within(rest(), worked);
    // One look at least, also when the time is up: the sweeper or an operator may have settled it meanwhile.
    while (true) {
      const generation = await readView(call, "get_generation", {
        p_user_id: userId,
        p_generation_id: id,
      });
      if (generation["status"] !== "processing") return generation;
      if (rest() <= LOOK_EVERY_MS) return null;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  return serve([submit], dependencies);
}

/** Waits for the promise, so long at most. */
async function within(milliseconds: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

/** 200 with the finished generation, or the problem that it ended with and what came back. */
function outcomeOf(generation: Answer, headers: Record<string, string>): Reply {
  if (generation["status"] === "completed") return reply(generation, 200, headers);
  const { generation_id, status, cost, refunded, error, credits, version, epoch, replayed } =
    generation;
  const timedOut = status === "expired" || error === "provider_timeout";
  const why = REASONS[error as Reason] ??
    `The generation ${status === "expired" ? "expired" : `was ${status}`}`;
  const money = refunded === 0 ? "The charge stands." : `${refunded} credit(s) came back.`;
  throw new Problem(
    timedOut ? "GENERATION_TIMED_OUT" : "GENERATION_FAILED",
    `${why}. ${money}`,
    { generation_id, state: status, error, cost, refunded, credits, version, epoch },
    { ...headers, ...(replayed === true ? { "idempotent-replayed": "true" } : {}) },
  );
}
