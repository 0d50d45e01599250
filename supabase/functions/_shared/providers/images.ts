/** Pictures, by any endpoint that speaks the OpenAI images API. */

import { z } from "zod";
import { readOptions } from "./options.ts";
import { post } from "./post.ts";
import { type Provider, ProviderError } from "./provider.ts";

export interface ImagesOptions {
  /** The base of the API, such as `https://api.openai.com/v1`. */
  url: string;
  key: string;
  /** Of types whose `provider_options` name none. */
  model: string;
}

const typeOptions = z.strictObject({ model: z.string().optional() });

const imagesAnswer = z.object({
  data: z.array(
    z.object({ b64_json: z.string().optional(), url: z.string().optional() })
      .refine(
        ({ b64_json, url }) => Boolean(b64_json || url),
        "Must have a picture",
      ),
  ).min(1),
});

/** What of an input is the provider's; the rest is the app's own. */
const FORWARDED = [
  "prompt",
  "size",
  "quality",
  "style",
  "background",
  "output_format",
];

/** OpenAI's `POST /images/generations`. The result is `{images: [{b64_json} | {url}]}`. */
export function openaiImages({ url, key, model }: ImagesOptions): Provider {
  return {
    async start({ input, options, deadline }, signal) {
      const type = readOptions(typeOptions, options);
      const answer = imagesAnswer.safeParse(
        await post({
          url: `${url.replace(/\/+$/, "")}/images/generations`,
          key,
          body: {
            model: type.model ?? model,
            n: 1,
            ...Object.fromEntries(
              FORWARDED.filter((name) => name in input).map((
                name,
              ) => [name, input[name]]),
            ),
          },
          signal,
          deadline,
        }),
      );
      if (!answer.success) throw new ProviderError("provider_invalid_answer");
      return { result: { images: answer.data.data } };
    },
  };
}
