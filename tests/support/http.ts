/** Calls of the functions by plain fetch, as any client makes them; every answer is held against the OpenAPI description. */

import { assertDescribed } from "./description.ts";
import { appClient, stack } from "./stack.ts";

export interface Reply {
  status: number;
  headers: Headers;
  // deno-lint-ignore no-explicit-any -- the tests assert what is in it.
  body: any;
}

/** Calls a function. A body is sent as JSON; a string is sent as it is. */
export async function call(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: unknown } = {},
): Promise<Reply> {
  const headers = new Headers(options.headers);
  const init: RequestInit = { method, headers };
  if (options.body !== undefined) {
    init.body = typeof options.body === "string" ? options.body : JSON.stringify(options.body);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
  }
  const response = await fetch(`${stack.functionsUrl}${path}`, init);
  const text = await response.text();
  const body = text === "" ? null : JSON.parse(text);
  if (body !== null) {
    assertDescribed(method, path, response.status, response.headers.get("content-type"), body);
  }
  return { status: response.status, headers: response.headers, body };
}

/** A call with the secret key. */
export function operate(
  method: string,
  path: string,
  body?: unknown,
  headers = {},
): Promise<Reply> {
  return call(method, path, { body, headers: { apikey: stack.secretKey, ...headers } });
}

export interface User {
  id: string;
  token: string;
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** The balance, as the API tells it. */
  credits(): Promise<number>;
}

/** A user who has just signed in, with so many credits. */
export async function newUser(credits = 10): Promise<User> {
  const { data, error } = await appClient().auth.signInAnonymously();
  if (error || !data.session) throw error ?? new Error("The sign-in gave no session");
  const token = data.session.access_token;
  const id = data.session.user.id;
  const headers = { authorization: `Bearer ${token}` };
  const user: User = {
    id,
    token,
    get: (path, more = {}) => call("GET", path, { headers: { ...headers, ...more } }),
    post: (path, body, more = {}) => call("POST", path, { body, headers: { ...headers, ...more } }),
    credits: async () => (await user.get("/account")).body.credits,
  };
  const rest = credits - await user.credits();
  if (rest !== 0) {
    const granted = await operate("POST", "/operations/grants", {
      user_id: id,
      amount: rest,
      reason: "test",
    });
    if (granted.status !== 200) throw new Error(JSON.stringify(granted.body));
  }
  return user;
}

/** The generation once it is settled. Looks, bounded, at what the API says. */
export async function settled(user: User, generationId: string): Promise<Reply["body"]> {
  const until = performance.now() + 20_000;
  while (performance.now() < until) {
    const { body } = await user.get(`/account/generations/${generationId}`);
    if (!["reserved", "processing"].includes(body.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Generation ${generationId} was not settled within 20 seconds`);
}
