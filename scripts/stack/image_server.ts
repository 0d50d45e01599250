/**
 * A provider to generate with: speaks the OpenAI images API on a port of its own, and really draws.
 *
 * Runs in a thread, so that drawing does not hold up the gateway: gets {@linkcode ImageServerOptions} as its data and says
 * its port in one message. A prompt may hold an order, so that production code needs no hook for tests:
 * `[fail]` answers 500, `[refuse]` 400, `[slow 2.5s]` after that many seconds (at most 600), `[hang]` never.
 */
import { parentPort, workerData } from "node:worker_threads";
import { drawPicture, parseSize } from "./picture.ts";

/** The data of the thread. */
export interface ImageServerOptions {
  apiKey: string;
}

const maximumDelaySeconds = 600;
const maximumPictures = 4;

let requestCount = 0;

const { apiKey }: ImageServerOptions = workerData;
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  (request) => answer(request, apiKey),
);
parentPort?.postMessage(server.addr.port);

async function answer(request: Request, apiKey: string): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/requests") return Response.json({ count: requestCount });
  if (pathname !== "/v1/images/generations") {
    return refusal(404, "invalid_request_error", null, `Unknown request URL: ${pathname}.`);
  }
  if (request.method !== "POST") {
    return refusal(405, "invalid_request_error", null, "Only POST is allowed here.");
  }
  requestCount++;
  if (request.headers.get("authorization") !== `Bearer ${apiKey}`) {
    return refusal(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.");
  }
  return await generate(await request.json().catch(() => null));
}

async function generate(body: Record<string, unknown> | null): Promise<Response> {
  const { prompt, n = 1, size = "512x512", response_format = "b64_json" } = body ?? {};
  if (typeof prompt !== "string" || prompt === "") {
    return refusal(400, "invalid_request_error", null, "'prompt' must be a text.");
  }
  const picture = typeof size === "string" ? parseSize(size) : undefined;
  const count = typeof n === "number" && Number.isInteger(n) ? n : 0;
  if (!picture) return refusal(400, "invalid_request_error", null, `Invalid size: ${size}.`);
  if (count < 1 || count > maximumPictures) {
    return refusal(400, "invalid_request_error", null, `'n' must be 1 to ${maximumPictures}.`);
  }
  if (response_format !== "b64_json") {
    return refusal(400, "invalid_request_error", null, "Only b64_json is offered here.");
  }
  const ordered = await obey(prompt);
  if (ordered) return ordered;
  const data = Array.from({ length: count }, (_, index) => ({
    b64_json: drawPicture(`${prompt}#${index}`, picture).toString("base64"),
  }));
  return Response.json({ created: Math.floor(Date.now() / 1000), data });
}

/** Does what the prompt orders; undefined when a picture is still to be drawn. */
async function obey(prompt: string): Promise<Response | undefined> {
  if (prompt.includes("[hang]")) return await new Promise<never>(() => {});
  const seconds = Number(prompt.match(/\[slow (\d+(?:\.\d+)?)s\]/)?.[1] ?? 0);
  if (seconds > 0) {
    const delayMs = Math.min(seconds, maximumDelaySeconds) * 1000;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
  if (prompt.includes("[fail]")) {
    return refusal(500, "server_error", null, "The server had an error while processing it.");
  }
  if (prompt.includes("[refuse]")) {
    const message = "Your request was rejected as a result of our safety system.";
    return refusal(400, "image_generation_user_error", "content_policy_violation", message);
  }
}

function refusal(status: number, type: string, code: string | null, message: string): Response {
  return Response.json({ error: { message, type, param: null, code } }, { status });
}
