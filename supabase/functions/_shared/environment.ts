/** What every function is wired to, made once a worker. */

import { authOptionsFromEnvironment } from "./auth.ts";
import { type Call, createDatabase } from "./database.ts";
import { consoleLog } from "./log.ts";
import type { Frame } from "./serve.ts";
import { createTurns, type TakeTurns } from "./turns.ts";

export interface Dependencies extends Frame {
  call: Call;
  takeTurns: TakeTurns;
}

/** Dependencies of the project that the platform's environment names. */
export function fromEnvironment(): Dependencies {
  return {
    auth: authOptionsFromEnvironment((name) => Deno.env.get(name)),
    log: consoleLog,
    call: createDatabase(),
    takeTurns: createTurns(),
  };
}
