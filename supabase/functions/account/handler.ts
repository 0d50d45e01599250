import { z } from "zod";
import type { Dependencies } from "../_shared/environment.ts";
import { reply } from "../_shared/idempotency.ts";
import { Problem } from "../_shared/problem.ts";
import { generationId, page } from "../_shared/schemas.ts";
import { route, serve } from "../_shared/serve.ts";

/** `GET /account/…`: what a user sees of the own account. */
export function account(dependencies: Dependencies) {
  const { call } = dependencies;
  const read = (name: string, parameters: Record<string, unknown>) =>
    call(name, parameters, { repeatable: true });

  const balance = route({
    method: "GET",
    path: "",
    for: ["user"],
    handle: async ({ userId }) => reply(await read("get_account", { p_user_id: userId })),
  });

  const types = route({
    method: "GET",
    path: "/types",
    for: ["user"],
    handle: async () => reply(await read("get_generation_types", {})),
  });

  const history = route({
    method: "GET",
    path: "/history",
    for: ["user"],
    query: page,
    handle: async ({ userId, query }) =>
      reply(await read("get_account_history", pageOf(userId, query))),
  });

  const generations = route({
    method: "GET",
    path: "/generations",
    for: ["user"],
    query: page,
    handle: async ({ userId, query }) =>
      reply(await read("get_generations", pageOf(userId, query))),
  });

  const generation = route({
    method: "GET",
    path: "/generations/:id",
    for: ["user"],
    async handle({ userId, path }) {
      if (!generationId.safeParse(path["id"]).success) {
        throw new Problem("GENERATION_NOT_FOUND", "You have no such generation");
      }
      return reply(
        await read("get_generation", { p_user_id: userId, p_generation_id: path["id"] }),
      );
    },
  });

  return serve("account", [balance, types, history, generations, generation], dependencies);
}

function pageOf(userId: string, query: z.infer<typeof page>) {
  return { p_user_id: userId, p_before: query.before ?? null, p_limit: query.limit };
}
