/**
 * What others do: the workers share a cache, and a write lists and deletes the keys of its user, after it has answered. The
 * cache is a server at `SHARED_CACHE_URL`, as shared_cache.ts makes it.
 */

import { waitUntil } from "../../../supabase/functions/_shared/background.ts";
import type { Call } from "../../../supabase/functions/_shared/database.ts";
import { readView } from "../../../supabase/functions/_shared/read_view.ts";
import type { View } from "../../../supabase/functions/_shared/views.ts";

const url = (path: string) => `${Deno.env.get("SHARED_CACHE_URL")}/${path}`;

export function createSharedViews(call: Call): View {
  return async (name, parameters, { userId }) => {
    const key = encodeURIComponent(JSON.stringify([userId, name, parameters]));
    const kept = await fetch(url(key));
    const json = await kept.text();
    if (kept.status === 200) return { json };
    const fresh = JSON.stringify(
      await readView(call, name, { ...parameters, p_user_id: userId, p_known: null }),
    );
    await (await fetch(url(key), { method: "PUT", body: fresh })).body?.cancel();
    return { json: fresh };
  };
}

type Handler = (request: Request) => Response | Promise<Response>;

/** A function that writes, and then deletes what is kept of the account that the request names in `X-Account`. */
export function deletingKeys({ fetch: answer }: { fetch: Handler }): { fetch: Handler } {
  return {
    async fetch(request) {
      const response = await answer(request);
      if (request.method !== "GET") {
        waitUntil(deleteKeys(request.headers.get("x-account") ?? ""));
      }
      return response;
    },
  };
}

async function deleteKeys(userId: string): Promise<void> {
  const keys: string[] = await (await fetch(url(`?prefix=${encodeURIComponent(`["${userId}"`)}`)))
    .json();
  for (const key of keys) {
    await (await fetch(url(encodeURIComponent(key)), { method: "DELETE" })).body?.cancel();
  }
}
