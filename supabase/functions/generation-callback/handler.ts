import type { Answer } from "../_shared/database.ts";
import * as contract from "../_shared/contract.ts";
import type { Dependencies } from "../_shared/environment.ts";
import { reply } from "../_shared/idempotency.ts";
import { Problem } from "../_shared/problem.ts";
import { route, serve } from "../_shared/serve.ts";
import { logSettlement } from "../_shared/settlement_log.ts";

/**
 * `POST /generation-callback`: a provider that a generation was handed over to says what came of it. The message's id is the
 * idempotency key, so that a message that is sent again settles nothing again, and gets the first answer.
 */
export function generationCallback(dependencies: Dependencies) {
  const { call, log } = dependencies;

  const callback = route(
    contract.callback,
    async ({ body, idempotencyKey, requestId }) => {
      const { data } = body;
      const note = {
        request_id: requestId,
        generation_id: data.generation_id,
        webhook_id: idempotencyKey,
        ...(data.usage === undefined ? {} : { usage: data.usage }),
      };
      const key = {
        p_generation_id: data.generation_id,
        p_lease_token: data.attempt,
        p_idempotency_key: idempotencyKey,
      };
      let reason: string;
      let settled: Promise<Answer>;
      if (body.type === "generation.completed") {
        reason = "settled_below_cost";
        settled = call("complete_generation", {
          ...key,
          p_result: body.data.result,
          p_cost: body.data.cost ?? null,
        }, { repeatable: true });
      } else {
        const { code, message } = body.data.error ?? { code: "provider_error" };
        reason = code;
        log("error", "Generation failed", {
          ...note,
          error: code,
          cause: message,
        });
        settled = call("fail_generation", { ...key, p_reason: reason }, {
          repeatable: true,
        });
      }
      const answer = await settled.catch((error) => {
        throw withoutBalance(error);
      });
      if (answer["replayed"] !== true) logSettlement(log, answer, reason, note);
      const { generation_id, status, cost, refunded, replayed } = answer;
      return reply({ generation_id, status, cost, refunded, replayed });
    },
  );

  return serve([callback], dependencies);
}

/** What an account stands at is no business of a provider's. */
function withoutBalance(error: unknown): unknown {
  if (!(error instanceof Problem)) return error;
  const { credits: _credits, version: _version, epoch: _epoch, ...fields } = error.fields;
  return new Problem(
    error.code,
    error.detail,
    fields,
    error.headers,
    error.status,
  );
}
