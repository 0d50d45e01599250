import * as contract from "../_shared/contract.ts";
import type { Dependencies } from "../_shared/environment.ts";
import { reply } from "../_shared/idempotency.ts";
import { route, serve } from "../_shared/serve.ts";

/** `POST /check-and-deduct-credit` reserves one generation: its credits are taken now, for the submission that follows. */
export function checkAndDeductCredit(dependencies: Dependencies) {
  const { call, takeTurns } = dependencies;

  const reserve = route(contract.reserve, async ({ userId, body, idempotencyKey }) => {
    const answer = await takeTurns(userId, () =>
      call("reserve_generation", {
        p_user_id: userId,
        p_type: body.type ?? null,
        p_idempotency_key: idempotencyKey,
      }, { repeatable: idempotencyKey !== null }));
    return reply(answer);
  });

  return serve([reserve], dependencies);
}
