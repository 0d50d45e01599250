/** Views of the database, see views.ts: how one is read, without keeping anything. */

import type { Answer, Call } from "./database.ts";

/**
 * A view as the database has it now. An own generation that is overdue is expired first, which waits for nobody: where
 * somebody else is at it, it is shown as it is.
 */
export async function readView(
  call: Call,
  name: string,
  parameters: Record<string, unknown>,
): Promise<Answer> {
  const read = () => call(name, parameters, { repeatable: true });
  let { overdue, ...answer } = await read();
  if (overdue === true) {
    const { expired } = await call("expire_overdue_generations", {
      p_user_id: parameters["p_user_id"],
    }, { repeatable: true });
    if (expired !== 0) ({ overdue, ...answer } = await read());
  }
  return answer;
}
