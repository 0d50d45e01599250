/** A request to a provider over HTTP, as every adapter of ours makes it. */

import { refuseUnstorable } from "../body.ts";
import { ProviderError, type ProviderErrorOptions } from "./provider.ts";
import { withRetries } from "./retry.ts";

export interface Post {
  url: string;
  /** Sent as a bearer token. */
  key: string | null;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body: unknown;
  signal: AbortSignal;
  /** When `signal` ends the wait. */
  deadline: Date;
  /**
   * Whether the provider does what it is asked once, however often it is asked. Only then is a request sent again whose
   * answer was lost: any other may have been done, and billed.
   */
  repeatable?: boolean;
  /** The longest wait for one answer, in milliseconds, where that is less than for all tries. */
  timeoutMs?: number;
}

/** The most that an answer of a provider may hold, in bytes: a worker has 256 MB for everything. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * The JSON that a provider answers; undefined where its success is none.
 *
 * @throws {ProviderError}
 */
export async function post(request: Post): Promise<unknown> {
  return await withRetries(() => postOnce(request), request);
}

async function postOnce(
  { url, key, headers, body, signal, repeatable = false, timeoutMs }: Post,
): Promise<unknown> {
  const wait = timeoutMs === undefined
    ? signal
    : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        "content-type": "application/json",
        ...headers,
      },
      body: JSON.stringify(body),
      // A redirected POST arrives as a GET, or takes what is in it to an address that nobody has set.
      redirect: "manual",
      signal: wait,
    });
    text = await readText(response);
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    const cause = told(error);
    const options: ProviderErrorOptions = { cause };
    if (repeatable || wasNeverSent(cause)) options.retry = { afterMs: null };
    throw new ProviderError(
      wait.aborted ? "provider_timeout" : "provider_unreachable",
      options,
    );
  }
  if (!response.ok) throw refusal(response, text);
  return parseJson(text);
}

/** An error of fetch in words: what happened is in its message, or, in newer Deno, in its cause. */
function told(error: unknown): string {
  return error instanceof Error && error.cause ? `${error}: ${error.cause}` : String(error);
}

/** Whether no connection came about. Where the runtime says so in other words, nothing is sent again. */
function wasNeverSent(cause: string): boolean {
  return cause.includes("client error (Connect)");
}

function refusal(response: Response, text: string): ProviderError {
  const cause = `${response.status} ${text.slice(0, 500)}`;
  // 401 and 403 are about our key, 429 about our quota: nothing that the user could have asked for otherwise.
  if ([400, 413, 422].includes(response.status)) {
    return new ProviderError("provider_refused", { cause });
  }
  // These two say that nothing was done.
  return [429, 503].includes(response.status)
    ? new ProviderError("provider_error", {
      cause,
      retry: { afterMs: retryAfter(response) },
    })
    : new ProviderError("provider_error", { cause });
}

/** `Retry-After` in milliseconds from now, in seconds or as a date; null where there is none that can be read. */
function retryAfter({ headers }: Response): number | null {
  const value = headers.get("retry-after") ?? "";
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(milliseconds) ? null : Math.max(0, milliseconds);
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  if (response.body) {
    for await (const chunk of response.body) {
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) {
        throw new ProviderError("provider_invalid_answer", {
          cause: `more than ${MAX_ANSWER_BYTES} bytes`,
        });
      }
      text += decoder.decode(chunk, { stream: true });
    }
  }
  return text + decoder.decode();
}

/** What could not be kept is no answer either: found here, it is refunded at once. */
function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
    refuseUnstorable(value);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw new ProviderError("provider_invalid_answer", { cause: error });
  }
  return value;
}
