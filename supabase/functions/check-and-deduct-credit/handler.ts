import { z } from "zod";
import type { Dependencies } from "../_shared/environment.ts";
import { reply } from "../_shared/idempotency.ts";
import { generationType } from "../_shared/schemas.ts";
import { route, serve } from "../_shared/serve.ts";

/** `POST /check-and-deduct-credit` reserves one generation: its credits are taken now, for the submission that follows. */
export function checkAndDeductCredit(dependencies: Dependencies) {
  const { call, takeTurns } = dependencies;

  const reserve = route({
    method: "POST",
    path: "",
    for: ["user"],
    body: z.strictObject({ type: generationType.optional() }),
    async handle({ userId, body, idempotencyKey }) {
      const answer = await takeTurns(userId, () =>
        call("reserve_generation", {
          p_user_id: userId,
          p_type: body.type ?? null,
          p_idempotency_key: idempotencyKey,
        }, { repeatable: idempotencyKey !== null }));
      return reply(answer);
    },
  });

  return serve("check-and-deduct-credit", [reserve], dependencies);
}
