import type { Caller } from "../_shared/auth.ts";
import { waitUntil } from "../_shared/background.ts";
import * as contract from "../_shared/contract.ts";
import type { Dependencies } from "../_shared/environment.ts";
import { Problem } from "../_shared/problem.ts";
import { route, serve } from "../_shared/serve.ts";
import { ACCOUNT, type Cursor, parseCursor } from "./cursor.ts";
import { openStream } from "./feed.ts";
import { Poller } from "./poller.ts";
import { mayListen, Stream } from "./stream.ts";
import type { Tickets } from "./ticket.ts";

/** The token ends so much later than the stream, in milliseconds: time for the client to come again with a new one. */
const TOKEN_MARGIN_MS = 5_000;

export interface EventsDependencies extends Dependencies {
  tickets: Tickets;
  /** When streams of this worker must have ended, in milliseconds since 1970: before the platform ends the worker. */
  endsAt: number;
}

/** `GET /events`: the own account's events and an app's notifications, as server-sent events. docs/events.md has the protocol. */
export function events(dependencies: EventsDependencies) {
  const { call, log, count, tickets, endsAt } = dependencies;
  const poller = new Poller({ call, log, count });

  const ticket = route(contract.ticket, async ({ caller }) => ({
    body: await tickets.issue(caller as Caller & { kind: "user" }),
  }));

  const stream = route(
    contract.events,
    async ({ caller, query, headers, signal, requestId }) => {
      if (caller.kind !== "user") {
        throw new Error(
          "This route is for users alone",
        );
      }
      const topics = topicsOf(query.topics);
      const resume = cursorOf(
        headers.get("last-event-id") || query.last_event_id || "",
      );
      const isNew = (name: string) => resume?.parts.has(name) !== true;

      const named = topics.filter((name) => name !== ACCOUNT);
      const snapshot = await openStream(
        call,
        caller.userId,
        named,
        named.some(isNew),
      );
      for (const [name, { rule }] of Object.entries(snapshot.topics)) {
        if (!mayListen(rule, caller)) {
          throw new Problem(
            "FORBIDDEN",
            `You may not listen to the topic ${name}`,
          );
        }
      }

      const tokenEndsAt = caller.expiresAt.getTime() - TOKEN_MARGIN_MS;
      const stream = new Stream({
        listener: caller,
        topics,
        resume,
        rotateAt: Math.min(endsAt, tokenEndsAt),
        rotateReason: tokenEndsAt < endsAt ? "token" : "worker",
        call,
        log,
        count,
      });
      const startedAt = performance.now();
      count("edge_credits_streams_open");
      const leave = () => stream.leave();
      signal.addEventListener("abort", leave, { once: true });
      if (signal.aborted) leave(); // while the snapshot was read
      waitUntil(stream.ended.then((reason) => {
        signal.removeEventListener("abort", leave);
        poller.detach(stream);
        count("edge_credits_streams_open", {}, -1);
        log("info", "A stream has ended", {
          request_id: requestId,
          user_id: caller.userId,
          reason,
          duration_ms: Math.round(performance.now() - startedAt),
        });
      }));
      stream.begin(snapshot);
      void poller.attach(stream);
      return {
        stream: stream.readable,
        headers: {
          "content-type": "text/event-stream",
          // What compresses would collect some kilobytes before it sends any.
          "cache-control": "no-store, no-transform",
          // nginx collects, too.
          "x-accel-buffering": "no",
        },
      };
    },
  );

  return serve([stream, ticket], dependencies);
}

function topicsOf(parameter: string): string[] {
  return [...new Set(parameter.split(","))];
}

function cursorOf(text: string): Cursor | null {
  if (text === "") return null;
  const cursor = parseCursor(text);
  if (cursor) return cursor;
  const message = "Must be the id of an event of this stream, such as 1795252494340;account=57";
  throw new Problem("INVALID_REQUEST", `last_event_id: ${message}`, {
    fields: [{ field: "last_event_id", message }],
  });
}
