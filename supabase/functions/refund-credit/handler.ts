import * as contract from "../_shared/contract.ts";
import type { Dependencies } from "../_shared/environment.ts";
import { reply } from "../_shared/idempotency.ts";
import { route, serve } from "../_shared/serve.ts";

/**
 * `POST /refund-credit` gives a hold back: a user's own reservation (the newest, where none is named), or, for an
 * operator, any unsettled generation.
 */
export function refundCredit(dependencies: Dependencies) {
  const { call, takeTurns, log } = dependencies;

  const refund = route(contract.refund, async ({ caller, body, idempotencyKey, requestId }) => {
    const userId = caller.kind === "user" ? caller.userId : null;
    const release = () =>
      call("release_generation", {
        p_user_id: userId,
        p_generation_id: body.generation_id ?? null,
        p_reason: body.reason ?? null,
        p_idempotency_key: idempotencyKey,
      }, { repeatable: idempotencyKey !== null || body.generation_id !== undefined });
    const { user_id, ...answer } = await (userId === null ? release() : takeTurns(userId, release));
    if (answer["replayed"] !== true) {
      log(
        "info",
        `Refunded ${answer["refunded"]} credit(s) to user ${user_id} due to ${
          body.reason ?? "release"
        }`,
        {
          request_id: requestId,
          user_id,
          generation_id: answer["generation_id"],
        },
      );
    }
    return reply(answer);
  });

  return serve([refund], dependencies);
}
