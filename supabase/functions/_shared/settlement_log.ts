/** What the log says of credits that came back: the line that an operator looks for. */

import type { Answer } from "./database.ts";
import type { Log } from "./log.ts";

/** Logs what a settlement gave back, and why; of a completed one that gave nothing back, nothing. */
export function logSettlement(
  log: Log,
  { user_id: userId, status, refunded }: Answer,
  reason: string,
  note: Record<string, unknown>,
): void {
  if (Number(refunded) > 0) {
    log(
      "info",
      `Refunded ${refunded} credit(s) to user ${userId} due to ${reason}`,
      {
        ...note,
        refunded,
      },
    );
  } else if (status === "failed") {
    log(
      "info",
      `Kept the charge of user ${userId} despite ${reason}, as its type says`,
      {
        ...note,
        refunded,
      },
    );
  }
}
