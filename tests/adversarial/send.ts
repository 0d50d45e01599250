/** Sends anything, and takes any answer. */

import { stack } from "../support/stack.ts";

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

export interface Message {
  headers?: HeadersInit;
  body?: BodyInit | null;
  /** Where to, if not to the stack's functions. */
  base?: string;
}

/** One request, as it is: nothing is added, not even a media type. */
export async function send(
  method: string,
  path: string,
  { headers = {}, body = null, base = stack.functionsUrl }: Message = {},
): Promise<Answer> {
  const init: RequestInit & { duplex?: "half" } = { method, headers, body, redirect: "manual" };
  if (body instanceof ReadableStream) init.duplex = "half";
  const response = await fetch(`${base}${path}`, init);
  if (response.body && response.headers.get("content-type") === "text/event-stream") {
    // It has no end: what it says first is the answer.
    const reader = response.body.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return {
      status: response.status,
      headers: response.headers,
      text: new TextDecoder().decode(value),
    };
  }
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The same bytes in chunks, so that no content-length tells how many there will be. */
export function chunked(text: string, chunkLength = 1024): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(offset, offset += chunkLength));
    },
  });
}

/**
 * A request to a function, written by hand: for what fetch would not send. Headers and body are sent as they are.
 *
 * @param more `leaves`: the client says no more when it has sent that, as one that was cut off.
 * @returns What came until the server closed the connection.
 */
export async function sendRaw(
  method: string,
  path: string,
  headers: string[],
  { body = "", leaves = false }: { body?: string; leaves?: boolean } = {},
): Promise<string> {
  const { hostname, port, host } = new URL(stack.url);
  const head = [
    `${method} /functions/v1${path} HTTP/1.1`,
    `host: ${host}`,
    "connection: close",
    ...headers,
  ];
  // Each character is a byte, so that any byte can be sent.
  const text = `${head.join("\r\n")}\r\n\r\n${body}`;
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const buffer = new Uint8Array(65_536);
  const decoder = new TextDecoder();
  let answer = "";
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    if (leaves) await connection.closeWrite();
    for (let length; (length = await connection.read(buffer)) !== null;) {
      answer += decoder.decode(buffer.subarray(0, length), { stream: true });
    }
  } catch (error) {
    const cut = error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.BrokenPipe;
    if (!cut) throw error;
  }
  return answer;
}
