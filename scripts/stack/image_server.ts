/**
 * A provider to generate with, on a port of its own. Speaks the OpenAI images API, and really draws; the OpenAI chat
 * completions API; and takes jobs at `/v1/jobs` that it calls back for.
 *
 * Runs in a thread, so that drawing does not hold up the gateway: gets {@linkcode ImageServerOptions} as its data and says
 * its port in one message. A prompt may hold an order: orders.ts has them.
 *
 * `GET /requests?prompt=…` counts what was asked of it, `GET /callbacks?generation_id=…` lists its calls of a callback.
 */
import { parentPort, workerData } from "node:worker_threads";
import { complete, readMessages } from "./chat_completions.ts";
import { obey, refusal } from "./orders.ts";
import { drawPicture, parseSize } from "./picture.ts";
import { ProviderJobs } from "./provider_jobs.ts";

/** The data of the thread. */
export interface ImageServerOptions {
  apiKey: string;
  /** Signs what it calls back with. */
  callbackSecret: string;
}

type Body = Record<string, unknown> | null;

const maximumPictures = 4;

/** How many requests there were with each prompt. */
const requests = new Map<string, number>();
let requestCount = 0;

const { apiKey, callbackSecret }: ImageServerOptions = workerData;
const jobs = new ProviderJobs(callbackSecret);
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
parentPort?.postMessage(server.addr.port);

async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/requests") {
    const prompt = searchParams.get("prompt");
    return Response.json({ count: prompt === null ? requestCount : requests.get(prompt) ?? 0 });
  }
  if (pathname === "/callbacks") {
    return Response.json({ calls: jobs.calls(searchParams.get("generation_id") ?? "") });
  }
  const work = {
    "/v1/images/generations": generate,
    "/v1/chat/completions": chat,
    "/v1/jobs": accept,
  }[pathname];
  if (!work) {
    return refusal(404, "invalid_request_error", null, `Unknown request URL: ${pathname}.`);
  }
  if (request.method !== "POST") {
    return refusal(405, "invalid_request_error", null, "Only POST is allowed here.");
  }
  requestCount++;
  if (request.headers.get("authorization") !== `Bearer ${apiKey}`) {
    return refusal(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.");
  }
  return await work(await request.json().catch(() => null), request.headers);
}

/** Counts a request of this prompt, and says how many there were. */
function count(prompt: string): number {
  const soFar = (requests.get(prompt) ?? 0) + 1;
  requests.set(prompt, soFar);
  return soFar;
}

async function generate(body: Body): Promise<Response> {
  const { prompt, n = 1, size = "512x512", response_format = "b64_json" } = body ?? {};
  if (typeof prompt !== "string" || prompt === "") {
    return refusal(400, "invalid_request_error", null, "'prompt' must be a text.");
  }
  const requestsSoFar = count(prompt);
  const picture = typeof size === "string" ? parseSize(size) : undefined;
  const pictures = typeof n === "number" && Number.isInteger(n) ? n : 0;
  if (!picture) return refusal(400, "invalid_request_error", null, `Invalid size: ${size}.`);
  if (pictures < 1 || pictures > maximumPictures) {
    return refusal(400, "invalid_request_error", null, `'n' must be 1 to ${maximumPictures}.`);
  }
  if (response_format !== "b64_json") {
    return refusal(400, "invalid_request_error", null, "Only b64_json is offered here.");
  }
  const ordered = await obey(prompt, requestsSoFar);
  if (ordered) return ordered;
  const data = Array.from({ length: pictures }, (_, index) => ({
    b64_json: drawPicture(`${prompt}#${index}`, picture).toString("base64"),
  }));
  return Response.json({ created: Math.floor(Date.now() / 1000), data });
}

async function chat(body: Body): Promise<Response> {
  const messages = readMessages(body);
  const prompt = messages?.at(-1)?.content;
  if (!body || !messages || prompt === undefined) {
    return refusal(400, "invalid_request_error", null, "'messages' must be a list of messages.");
  }
  return await obey(prompt, count(prompt)) ?? Response.json(complete(messages, body));
}

function accept(body: Body, headers: Headers): Response {
  const prompt = String((body?.["input"] as { prompt?: unknown } | undefined)?.prompt);
  return jobs.accept(body, headers.get("idempotency-key"), count(prompt));
}
