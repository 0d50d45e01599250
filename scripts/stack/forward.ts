/** Hands a request on to another server of this machine, and its answer back, both as streams. */

const hopByHop = [
  "connection",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

// A body of a known small size is read at once: that is faster than a stream, and it can be sent to a second server.
const smallBodyBytes = 64 * 1024;

/** Where a request goes. */
export interface Destination {
  /** Servers that can answer, in the order in which they are tried. */
  origins: string[];
  /** Path and query there. */
  path: string;
  /** What it is sent with, instead of the request's own headers. */
  headers?: Headers;
  client: Deno.HttpClient;
}

/** Sends `request` to the first server that takes a connection. Always answers: 502 when none does, or when it dies. */
export async function forward(request: Request, destination: Destination): Promise<Response> {
  const headers = new Headers(destination.headers ?? request.headers);
  for (const name of hopByHop) headers.delete(name);
  // Deno's fetch would unpack a compressed answer, and leave its header as it is.
  headers.set("accept-encoding", "identity");

  // Only until the answer begins: from then on, a client that leaves cancels the body.
  const departure = new AbortController();
  const leave = () => departure.abort();
  request.signal.addEventListener("abort", leave);
  try {
    const length = Number(request.headers.get("content-length") ?? Infinity);
    const small = request.body !== null && length <= smallBodyBytes;
    const body = small ? await request.bytes() : request.body;
    return await sendToFirst(destination, {
      method: request.method,
      headers,
      body,
      redirect: "manual",
      signal: departure.signal,
      client: destination.client,
    });
  } catch (error) {
    if (departure.signal.aborted) return new Response(null, { status: 499 });
    return badGateway(error);
  } finally {
    request.signal.removeEventListener("abort", leave);
  }
}

async function sendToFirst(
  { origins, path }: Destination,
  init: RequestInit & { client: Deno.HttpClient },
): Promise<Response> {
  let refusal: unknown = new Error("no server is running");
  for (const origin of origins) {
    try {
      const response = await fetch(origin + path, init);
      const headers = new Headers(response.headers);
      for (const name of hopByHop) headers.delete(name);
      return new Response(response.body, { status: response.status, headers });
    } catch (error) {
      const refused = error instanceof TypeError && error.message.includes("(Connect)");
      if (!refused || init.body instanceof ReadableStream) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

function badGateway(error: unknown): Response {
  const message = "An invalid response was received from the upstream server";
  const detail = error instanceof Error ? error.message : String(error);
  return Response.json({ message, detail }, { status: 502 });
}
