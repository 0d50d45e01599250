import { z } from "zod";
import type { Dependencies } from "../_shared/environment.ts";
import { reply } from "../_shared/idempotency.ts";
import { amount, generationId, reason } from "../_shared/schemas.ts";
import { route, serve } from "../_shared/serve.ts";

/** `/operations/…`: what operators, and an app's own servers, do with a secret key. */
export function operations(dependencies: Dependencies) {
  const { call } = dependencies;

  const grants = route({
    method: "POST",
    path: "/grants",
    for: ["operator"],
    body: z.strictObject({
      user_id: z.uuid(),
      amount: amount.refine((value) => value !== 0, "Must not be 0"),
      reason,
    }),
    async handle({ body, idempotencyKey }) {
      const answer = await call("grant_credits", {
        p_user_id: body.user_id,
        p_amount: body.amount,
        p_reason: body.reason,
        p_idempotency_key: idempotencyKey,
      }, { repeatable: idempotencyKey !== null });
      return reply(answer);
    },
  });

  const settlements = route({
    method: "POST",
    path: "/settlements",
    for: ["operator"],
    body: z.strictObject({
      generation_id: generationId,
      outcome: z.enum(["completed", "failed"]),
      cost: z.int().min(0).optional(),
    }).refine((body) => body.outcome === "completed" || body.cost === undefined, {
      path: ["cost"],
      message: "Goes with the outcome completed",
    }),
    async handle({ body, idempotencyKey }) {
      const key = { p_generation_id: body.generation_id, p_idempotency_key: idempotencyKey };
      const { user_id: _, ...answer } = body.outcome === "completed"
        ? await call("complete_generation", { ...key, p_cost: body.cost ?? null }, {
          repeatable: true,
        })
        : await call("fail_generation", key, { repeatable: true });
      return reply(answer);
    },
  });

  const sweep = route({
    method: "POST",
    path: "/sweep",
    for: ["operator"],
    body: z.strictObject({ limit: z.int().min(1).max(10_000).default(500) }),
    handle: async ({ body }) =>
      reply(await call("refund_stuck_generations", { p_limit: body.limit }, { repeatable: true })),
  });

  const health = route({
    method: "GET",
    path: "/health",
    for: ["operator"],
    async handle() {
      const verdict = await call("get_health", {}, { repeatable: true });
      return reply(verdict, verdict["healthy"] === true ? 200 : 503);
    },
  });

  return serve("operations", [grants, settlements, sweep, health], dependencies);
}
