/**
 * Reads that are never stale. A view is a function of the database that takes `p_user_id` and `p_known`, and begins with
 * `private.begin_view`: "give me this, unless my account is still at the version that I know". Every request asks it, in
 * one round trip and one snapshot, so an answer that is kept here is given only when the database has just said that
 * nothing has happened since. A write invalidates by being committed; there is nothing to send, and nothing to forget.
 *
 * An app's own resources can be views, too: docs/freshness.md has a worked example.
 */

import type { Call } from "./database.ts";
import { entityTag, hasTag, heldPositions } from "./entity_tag.ts";
import type { Log } from "./log.ts";
import type { Count } from "./metrics.ts";
import {
  comparePositions,
  formatPosition,
  newest,
  parsePosition,
  type Position,
} from "./position.ts";
import { Problem } from "./problem.ts";
import { readView } from "./read_view.ts";
import type { Reply } from "./serve.ts";
import { createCache } from "./views_cache.ts";

/** A read of the database that takes longer is logged, in milliseconds. */
const SLOW_READ_MS = 200;

export interface ViewOptions {
  call: Call;
  log: Log;
  count: Count;
  /** The most that the answers kept by this worker may take, in bytes. */
  maxBytes: number;
}

/** What a request for a view carries. */
export interface ViewRequest {
  userId: string;
  headers: Headers;
  requestId: string;
}

/** Answers a view: 200 with its data, or 304 where the client has them. */
export type View = (
  name: string,
  parameters: Record<string, unknown>,
  request: ViewRequest,
) => Promise<Reply>;

/**
 * The views of one worker, with the answers that it keeps.
 *
 * The reply's `ETag` is `"<epoch>.<version>.<tag of the user>"`. An `X-Min-Version: <epoch>.<version>` is a promise to the
 * client: no older answer is given. Where the database itself has not come so far (a restore from a backup without
 * `rotate_epoch()`, or a client that made it up), the reply is 503 and an error in the log.
 */
export function createViews({ call, log, count, maxBytes }: ViewOptions): View {
  const kept = createCache(
    maxBytes,
    () => count("edge_credits_view_evictions"),
  );

  return async (name, parameters, { userId, headers, requestId }) => {
    const least = readMinVersion(headers);
    const key = JSON.stringify([userId, name, parameters]);
    const own = kept.get(key);
    const known = newest([
      ...heldPositions(headers, userId),
      ...(own ? [own.position] : []),
    ]);

    const refuseOlder = (position: Position) => {
      if (!least || comparePositions(position, least) >= 0) return;
      log("error", "The database is behind what a client has seen", {
        request_id: requestId,
        user_id: userId,
        seen: formatPosition(least),
        position: formatPosition(position),
      });
      throw new Problem(
        "DATABASE_UNAVAILABLE",
        "The database has not reached the version that you have seen; try again in a moment",
        {},
        { "retry-after": "1" },
      );
    };

    const startedAt = performance.now();
    const { unchanged, ...answer } = await readView(call, name, {
      ...parameters,
      p_user_id: userId,
      p_known: known && formatPosition(known),
    }).catch((error) => {
      // A refusal that tells where the account is, such as GENERATION_NOT_FOUND, is an answer of that position, too.
      if (error instanceof Problem && "version" in error.fields) {
        refuseOlder(positionOf(error.fields));
      }
      throw error;
    }).finally(() => {
      const durationMs = Math.round(performance.now() - startedAt);
      if (durationMs <= SLOW_READ_MS) return;
      log("warn", "Slow database read", {
        request_id: requestId,
        view: name,
        duration_ms: durationMs,
      });
    });

    const position = positionOf(answer);
    refuseOlder(position);
    let json = own?.json ?? "";
    if (unchanged !== true) {
      json = JSON.stringify(answer);
      kept.set(key, { position, json });
    }
    const etag = entityTag(userId, position);
    const reply = { headers: { etag, "cache-control": "private, no-cache" } };
    const isHeld = hasTag(headers, etag);
    const outcome = isHeld ? "validated" : unchanged === true ? "hit" : "miss";
    count("edge_credits_view_reads", { view: name, outcome });
    return isHeld ? { ...reply, status: 304 } : { ...reply, json };
  };
}

function positionOf(answer: Record<string, unknown>): Position {
  return { epoch: Number(answer["epoch"]), version: Number(answer["version"]) };
}

function readMinVersion(headers: Headers): Position | null {
  const header = headers.get("x-min-version");
  if (header === null) return null;
  const position = parsePosition(header.trim());
  if (position) return position;
  throw new Problem(
    "INVALID_REQUEST",
    "X-Min-Version: Must be <epoch>.<version>, both numbers",
    {
      fields: [{
        field: "X-Min-Version",
        message: "Must be <epoch>.<version>, both numbers",
      }],
    },
  );
}
