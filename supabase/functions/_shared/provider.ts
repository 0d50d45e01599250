/** Who generates: any endpoint that speaks the OpenAI images API. */

import { z } from "zod";

/** Why there is no result, as a code for the ledger, and in words that the user may read. */
export const REASONS = {
  provider_error: "The provider failed",
  provider_refused: "The provider refused this input",
  provider_timeout: "The provider did not answer in time",
  provider_unreachable: "The provider could not be reached",
  provider_invalid_answer: "The provider's answer could not be read",
} as const;

export type Reason = keyof typeof REASONS;

export class ProviderError extends Error {
  override name = "ProviderError";

  /** @param options Its `cause` is for the log alone. */
  constructor(readonly reason: Reason, options?: ErrorOptions) {
    super(REASONS[reason], options);
  }
}

export interface Provider {
  /**
   * What came of an input; to be kept as JSON.
   *
   * @throws {ProviderError} whatever went wrong, and when `signal` has ended the wait.
   */
  generate(input: Record<string, unknown>, signal: AbortSignal): Promise<Record<string, unknown>>;
}

export interface ImagesOptions {
  /** The base of the API, such as `https://api.openai.com/v1`. */
  url: string;
  key: string;
  model: string;
}

/** The most that an answer of the provider may hold, in bytes: a worker has 256 MB for everything. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

const imagesAnswer = z.object({
  data: z.array(z.object({ b64_json: z.string().optional(), url: z.string().optional() })).min(1),
});

/** What of an input is the provider's; the rest is the app's own. */
const FORWARDED = ["prompt", "size", "quality", "style", "background", "output_format"];

/** OpenAI's `POST /images/generations`. The result is `{images: [{b64_json} | {url}]}`. */
export function openaiImages(options: ImagesOptions): Provider {
  return {
    async generate(input, signal) {
      try {
        const response = await fetch(`${options.url.replace(/\/+$/, "")}/images/generations`, {
          method: "POST",
          headers: { "authorization": `Bearer ${options.key}`, "content-type": "application/json" },
          body: JSON.stringify({
            model: options.model,
            n: 1,
            ...Object.fromEntries(
              FORWARDED.filter((name) => name in input).map((name) => [name, input[name]]),
            ),
          }),
          signal,
        });
        const text = await readText(response);
        if (!response.ok) throw refusedBy(response.status, text);
        const answer = imagesAnswer.safeParse(parseJson(text));
        if (!answer.success) {
          throw new ProviderError("provider_invalid_answer");
        }
        return { images: answer.data.data };
      } catch (cause) {
        if (cause instanceof ProviderError) throw cause;
        if (signal.aborted) {
          throw new ProviderError("provider_timeout", { cause });
        }
        throw new ProviderError("provider_unreachable", { cause });
      }
    },
  };
}

function refusedBy(status: number, text: string): ProviderError {
  const options = { cause: `${status} ${text.slice(0, 500)}` };
  // 401 and 403 are about our key, 429 about our quota: nothing that the user could have asked for otherwise.
  return [400, 413, 422].includes(status)
    ? new ProviderError("provider_refused", options)
    : new ProviderError("provider_error", options);
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  if (response.body) {
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MAX_ANSWER_BYTES) {
        throw new ProviderError("provider_invalid_answer", {
          cause: `more than ${MAX_ANSWER_BYTES} bytes`,
        });
      }
    }
  }
  return text + decoder.decode();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
