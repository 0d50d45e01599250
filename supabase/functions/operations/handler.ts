import * as contract from "../_shared/contract.ts";
import type { Dependencies } from "../_shared/environment.ts";
import { reply } from "../_shared/idempotency.ts";
import { describeApi } from "../_shared/openapi.ts";
import type { Metric } from "../_shared/metrics.ts";
import { route, serve } from "../_shared/serve.ts";
import { formatFor, MEDIA_TYPES, openMetrics } from "./open_metrics.ts";

/** For what reads every account, or settles many: a little more than the database gives it, in milliseconds. */
const LONG_MS = 65_000;

/** `/operations/…`: what operators, and an app's own servers, do with a secret key. */
export function operations(dependencies: Dependencies) {
  const { call } = dependencies;

  const grants = route(contract.grants, async ({ body, idempotencyKey }) => {
    const answer = await call("grant_credits", {
      p_user_id: body.user_id,
      p_amount: body.amount,
      p_reason: body.reason,
      p_idempotency_key: idempotencyKey,
    }, { repeatable: idempotencyKey !== null });
    return reply(answer);
  });

  const settlements = route(
    contract.settlements,
    async ({ body, idempotencyKey }) => {
      const key = {
        p_generation_id: body.generation_id,
        p_idempotency_key: idempotencyKey,
      };
      const { user_id: _, ...answer } = body.outcome === "completed"
        ? await call("complete_generation", {
          ...key,
          p_cost: body.cost ?? null,
        }, {
          repeatable: true,
        })
        : await call("fail_generation", key, { repeatable: true });
      return reply(answer);
    },
  );

  const notifications = route(
    contract.notifications,
    async ({ body, idempotencyKey }) =>
      reply(
        await call("publish_notification", {
          p_topic: body.topic,
          p_kind: body.kind,
          p_subject: body.subject,
          p_status: body.status,
          p_payload: body.payload,
          p_idempotency_key: idempotencyKey,
        }, { repeatable: idempotencyKey !== null }),
      ),
  );

  const sweep = route(contract.sweep, async ({ body }) => {
    const parameters = { p_limit: body.limit };
    const { run: _, ...done } = await call(
      "refund_stuck_generations",
      parameters,
      {
        repeatable: true,
      },
    );
    return reply(done);
  });

  const health = route(contract.health, async () => {
    const verdict = await call("get_health", {}, { repeatable: true, timeoutMs: LONG_MS });
    return reply(verdict, verdict["healthy"] === true ? 200 : 503);
  });

  const metrics = route(contract.metrics, async ({ headers }) => {
    const { metrics } = await call("get_metrics", {}, { repeatable: true, timeoutMs: LONG_MS });
    const format = formatFor(headers.get("accept"));
    return {
      stream: openMetrics(metrics as Metric[], format),
      headers: { "content-type": MEDIA_TYPES[format], "vary": "accept" },
    };
  });

  const description = describeApi();
  const openapi = route(
    contract.openapi,
    () => Promise.resolve({ body: description }),
  );

  return serve([
    grants,
    settlements,
    notifications,
    sweep,
    health,
    metrics,
    openapi,
  ], dependencies);
}
