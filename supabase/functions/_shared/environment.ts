/** What every function is wired to, made once a worker. */

import { authOptionsFromEnvironment } from "./auth.ts";
import { type Call, createDatabase } from "./database.ts";
import { consoleLog } from "./log.ts";
import { countCredits } from "./credit_metrics.ts";
import { waitUntil } from "./background.ts";
import { createMetrics } from "./metrics.ts";
import type { Frame } from "./serve.ts";
import { createTurns, type TakeTurns } from "./turns.ts";

export interface Dependencies extends Frame {
  call: Call;
  takeTurns: TakeTurns;
}

/** Dependencies of the project that the platform's environment names. */
export function fromEnvironment(): Dependencies {
  const log = consoleLog;
  const plainCall = createDatabase();
  const metrics = createMetrics({ call: plainCall, log, waitUntil });
  return {
    auth: authOptionsFromEnvironment((name) => Deno.env.get(name)),
    log,
    count: metrics.count,
    call: countCredits(plainCall, metrics.count),
    takeTurns: createTurns(),
  };
}

/** A number of the environment, or the one that is meant where it is not set. @throws {Error} where it is none, or below 0. */
export function numberFromEnvironment(name: string, otherwise: number): number {
  const text = Deno.env.get(name)?.trim() || String(otherwise);
  const value = Number(text);
  if (value >= 0) return value;
  throw new Error(`${name} must be a number of 0 or more, and is ${text}`);
}
