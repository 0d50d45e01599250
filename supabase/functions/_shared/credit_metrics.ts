/** Counts what the database did with credits, where a worker asked it to. What the sweeper does, the database counts itself. */

import type { Answer, Call } from "./database.ts";
import type { Count } from "./metrics.ts";

/** The same calls, counted. */
export function countCredits(call: Call, count: Count): Call {
  return async (name, parameters, options) => {
    const answer = await call(name, parameters, options);
    if (answer["replayed"] !== true) {
      countAnswer(count, name, parameters, answer);
    }
    return answer;
  };
}

function countAnswer(
  count: Count,
  name: string,
  parameters: Record<string, unknown>,
  answer: Answer,
): void {
  switch (name) {
    case "reserve_generation":
      return countCharge(count, answer);
    case "submit_generation":
      count("edge_credits_submissions");
      if (answer["charged"] === true) countCharge(count, answer);
      return;
    case "complete_generation":
      return countSettlement(count, "settled_below_cost", answer);
    case "fail_generation":
      return countSettlement(
        count,
        String(parameters["p_reason"] ?? "failed"),
        answer,
      );
    case "release_generation":
      // An operator's reason is in the operator's words, of which there is no end.
      return countSettlement(
        count,
        parameters["p_user_id"] === null ? "operator" : "released",
        answer,
      );
    case "grant_credits":
      return count("edge_credits_grants");
    case "publish_notification":
      if (answer["published"] === false) {
        count("edge_credits_notifications_deduplicated");
      }
      return;
    case "expire_overdue_generations":
      return count(
        "edge_credits_expired_on_read",
        {},
        Number(answer["expired"]),
      );
  }
}

function countCharge(count: Count, answer: Answer): void {
  count("edge_credits_charges");
  count("edge_credits_charged_credits", {}, Number(answer["cost"]));
}

function countSettlement(count: Count, reason: string, answer: Answer): void {
  count("edge_credits_settlements", { status: String(answer["status"]) });
  const refunded = Number(answer["refunded"]);
  if (refunded === 0) return;
  count("edge_credits_refunds", { reason });
  count("edge_credits_refunded_credits", { reason }, refunded);
}
