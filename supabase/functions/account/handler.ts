import { z } from "zod";
import * as contract from "../_shared/contract.ts";
import { hasTag, shortHash } from "../_shared/entity_tag.ts";
import type { Dependencies } from "../_shared/environment.ts";
import { reply } from "../_shared/idempotency.ts";
import { Problem } from "../_shared/problem.ts";
import { route, serve } from "../_shared/serve.ts";
import type { View } from "../_shared/views.ts";

export interface AccountDependencies extends Dependencies {
  view: View;
}

/** `GET /account/…`: what a user sees of the own account. Each but the price list is a view. */
export function account(dependencies: AccountDependencies) {
  const { call, takeTurns, view } = dependencies;

  const routes = [
    route(contract.account, (request) => view("get_account", {}, request)),
    route(contract.types, async ({ userId, headers }) => {
      const json = JSON.stringify(await call("get_generation_types", {}, { repeatable: true }));
      // No version moves with the price list: what names it is what it says.
      const etag = `"${shortHash(json)}.${shortHash(userId)}"`;
      const reply = { headers: { etag, "cache-control": "private, no-cache" } };
      return hasTag(headers, etag) ? { ...reply, status: 304 } : { ...reply, json };
    }),
    route(
      contract.history,
      (request) => view("get_account_history", pageOf(request.query), request),
    ),
    route(
      contract.generations,
      (request) => view("get_generations", pageOf(request.query), request),
    ),
    route(contract.generation, (request) => {
      const id = request.path["id"]?.toLowerCase();
      if (!z.guid().safeParse(id).success) {
        throw new Problem("GENERATION_NOT_FOUND", "You have no such generation");
      }
      return view("get_generation", { p_generation_id: id }, request);
    }),
    route(
      contract.preferences,
      (request) => view("get_preferences", { p_topic: topicOf(request.path) }, request),
    ),
    route(contract.setPreferences, async ({ userId, path, body, idempotencyKey }) =>
      reply(
        await takeTurns(userId, () =>
          call("set_preferences", {
            p_user_id: userId,
            p_topic: topicOf(path),
            p_muted: body.muted,
            p_min_interval_seconds: body.min_interval_seconds,
            p_idempotency_key: idempotencyKey,
          }, { repeatable: true })),
      )),
  ];

  return serve(routes, dependencies);
}

function pageOf(query: contract.Page) {
  return { p_before: query.before ?? null, p_limit: query.limit };
}

function topicOf(path: Record<string, string>): string {
  const name = path["topic"] ?? "";
  if (/^[a-z0-9][a-z0-9_.-]{0,62}$/.test(name)) return name;
  throw new Problem("UNKNOWN_TOPIC", "There is no such topic");
}
