/** Texts, by any endpoint that speaks the OpenAI chat completions API. What they cost comes from the tokens that they took. */

import { z } from "zod";
import { readOptions } from "./options.ts";
import { post } from "./post.ts";
import { type Provider, ProviderError } from "./provider.ts";

export interface ChatOptions {
  /** The base of the API, such as `https://api.openai.com/v1`. */
  url: string;
  key: string;
  /** Of types whose `provider_options` name none. */
  model: string;
}

// Of the type and not of the input: what the client could choose here, the app would pay for.
const forwarded = {
  max_tokens: z.int().min(1).optional(),
  max_completion_tokens: z.int().min(1).optional(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
};

const typeOptions = z.strictObject({
  model: z.string().optional(),
  /** What goes before the prompt, as the system's message. */
  system: z.string().optional(),
  /** Credits for 1,000 tokens; without it every generation costs what the type does. */
  credits_per_1k_tokens: z.number().min(0).optional(),
  ...forwarded,
});

const usage = z.looseObject({ total_tokens: z.int().min(0) });

const chatAnswer = z.object({
  choices: z.array(z.object({
    message: z.object({
      content: z.string().nullish(),
      refusal: z.string().nullish(),
    }),
    finish_reason: z.string().nullish(),
  })).min(1),
  usage: z.unknown().optional(),
});

/**
 * OpenAI's `POST /chat/completions`. The result is `{text, finish_reason, usage}`. It costs `credits_per_1k_tokens` of the
 * type for the tokens that the provider reports, rounded up, and never more than was charged.
 */
export function openaiChat({ url, key, model }: ChatOptions): Provider {
  return {
    async start({ input, options, cost, deadline }, signal) {
      const { model: own, system, credits_per_1k_tokens: rate, ...rest } = readOptions(
        typeOptions,
        options,
      );
      const answer = chatAnswer.safeParse(
        await post({
          url: `${url.replace(/\/+$/, "")}/chat/completions`,
          key,
          body: {
            model: own ?? model,
            messages: [
              ...(system === undefined ? [] : [{ role: "system", content: system }]),
              { role: "user", content: input["prompt"] },
            ],
            ...rest,
          },
          signal,
          deadline,
        }),
      );
      const choice = answer.data?.choices[0];
      if (!answer.success || !choice) {
        throw new ProviderError("provider_invalid_answer");
      }
      const { message: { content, refusal }, finish_reason } = choice;
      if (refusal || finish_reason === "content_filter") {
        throw new ProviderError("provider_refused", {
          cause: refusal ?? finish_reason,
        });
      }
      if (typeof content !== "string") {
        throw new ProviderError("provider_invalid_answer");
      }

      const used = usage.safeParse(answer.data.usage);
      const result = {
        text: content,
        finish_reason: finish_reason ?? null,
        usage: used.success ? used.data : null,
      };
      if (rate === undefined) return { result };
      if (!used.success) {
        return {
          result,
          warning: "The provider reported no usage: the whole charge stands",
        };
      }
      const credits = creditsFor(used.data.total_tokens, rate);
      return {
        result,
        cost: Math.min(credits, cost),
        ...(credits <= cost ? {} : {
          warning:
            `${used.data.total_tokens} tokens are ${credits} credits, and ${cost} were charged: the type holds too little`,
        }),
      };
    },
  };
}

/** Credits for so many tokens, rounded up; but 7.000000000000001 is 7. */
export function creditsFor(tokens: number, creditsPer1kTokens: number): number {
  return Math.ceil(Number((tokens * creditsPer1kTokens / 1000).toFixed(9)));
}
