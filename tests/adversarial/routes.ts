/** Every route of the contract, each with a request that is good: so that a case can spoil one thing of it. */

import type { Audience } from "../../supabase/functions/_shared/auth.ts";
import { type Endpoint, endpoints } from "../../supabase/functions/_shared/contract.ts";
import { newUser, type User } from "../support/http.ts";
import { stack } from "../support/stack.ts";
import type { Message } from "./send.ts";

export interface Route {
  endpoint: Endpoint;
  method: string;
  path: string;
  for: readonly Audience[];
  /** What a good request says; undefined where it has no body. */
  body: Record<string, unknown> | undefined;
  /** The credentials of a good request. */
  credentials: Record<string, string>;
}

export interface Victim extends User {
  /** A reservation of theirs. */
  reservation: string;
}

/** A user with credits and a reservation. */
export async function newVictim(): Promise<Victim> {
  const user = await newUser(100);
  const { body } = await user.post("/check-and-deduct-credit", { type: "poster" });
  return { ...user, reservation: body.generation_id };
}

/** What a good request holds that would change something of the victim's, by the id of its endpoint. */
function bodies(victim: Victim): Record<string, Record<string, unknown>> {
  return {
    checkAndDeductCredit: { type: "draft" },
    refundCredit: { generation_id: victim.reservation, reason: "test" },
    submitGeneration: { type: "draft", input: { prompt: "a fox" } },
    grantCredits: { user_id: victim.id, amount: 1, reason: "test" },
    settleGeneration: { generation_id: victim.reservation, outcome: "failed" },
    sweep: { limit: 1 },
    setPreferences: { muted: true, min_interval_seconds: 0 },
    issueTicket: {},
    publishNotification: {
      topic: "orders",
      kind: "order.paid",
      subject: victim.id,
      status: "paid",
      payload: {},
    },
  };
}

/** The routes, with good requests about the victim. */
export function routesOf(victim: Victim): Route[] {
  const known = bodies(victim);
  // Of providers, who sign each body, callback_test.ts knows what a good request is.
  return endpoints.filter((endpoint) => !endpoint.for.includes("provider")).map((endpoint) => {
    const body = known[endpoint.id];
    if (endpoint.body && !body) throw new Error(`Say what a good request to ${endpoint.id} is`);
    return {
      endpoint,
      method: endpoint.method,
      path: `/${endpoint.function}${
        endpoint.path.replace(":id", victim.reservation).replace(":topic", "orders")
      }`,
      for: endpoint.for,
      body,
      credentials: endpoint.for.includes("user")
        ? { authorization: `Bearer ${victim.token}` }
        : endpoint.for.includes("operator")
        ? { apikey: stack.secretKey }
        : {},
    };
  });
}

/** The good request of a route, with these headers instead of its credentials, if any are given. */
export function goodMessage(route: Route, headers?: Record<string, string>): Message {
  const json = route.body ? { "content-type": "application/json" } : {};
  return {
    headers: { ...json, ...(headers ?? route.credentials) },
    body: route.body ? JSON.stringify(route.body) : null,
  };
}

/** A good request that says something else in its body. */
export function withBody(route: Route, body: BodyInit, headers: Record<string, string> = {}) {
  return {
    headers: { "content-type": "application/json", ...route.credentials, ...headers },
    body,
  };
}

export const needsCredentials = (route: Route) => !route.for.includes("anybody");
export const forOperatorsAlone = (route: Route) =>
  needsCredentials(route) && !route.for.includes("user");
export const forUsersAlone = (route: Route) =>
  needsCredentials(route) && !route.for.includes("operator");
export const takesBody = (route: Route) => route.method !== "GET";

/** The name of a route in a failure. */
export function nameOf(route: Route): string {
  return `${route.method} ${route.path}`;
}
