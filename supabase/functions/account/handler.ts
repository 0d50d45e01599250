import { z } from "zod";
import * as contract from "../_shared/contract.ts";
import type { Dependencies } from "../_shared/environment.ts";
import { reply } from "../_shared/idempotency.ts";
import { Problem } from "../_shared/problem.ts";
import { route, serve } from "../_shared/serve.ts";

/** `GET /account/…`: what a user sees of the own account. */
export function account(dependencies: Dependencies) {
  const { call } = dependencies;
  const read = async (name: string, parameters: Record<string, unknown>) =>
    reply(await call(name, parameters, { repeatable: true }));

  const routes = [
    route(contract.account, ({ userId }) => read("get_account", { p_user_id: userId })),
    route(contract.types, () => read("get_generation_types", {})),
    route(
      contract.history,
      ({ userId, query }) => read("get_account_history", pageOf(userId, query)),
    ),
    route(
      contract.generations,
      ({ userId, query }) => read("get_generations", pageOf(userId, query)),
    ),
    route(contract.generation, ({ userId, path }) => {
      if (!z.uuid().safeParse(path["id"]).success) {
        throw new Problem("GENERATION_NOT_FOUND", "You have no such generation");
      }
      return read("get_generation", { p_user_id: userId, p_generation_id: path["id"] });
    }),
  ];

  return serve(routes, dependencies);
}

function pageOf(userId: string, query: contract.Page) {
  return { p_user_id: userId, p_before: query.before ?? null, p_limit: query.limit };
}
