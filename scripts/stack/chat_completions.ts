/** Chat completions as OpenAI answers them: a text that is always the same for the same prompt, and its real length as usage. */
import { createHash } from "node:crypto";

const words =
  "amber birch cloud dune ember fern glade harbour island juniper kelp lantern meadow north oak pebble"
    .split(" ");

/** About the length of a token, in characters. */
const charactersPerToken = 4;
const wordsOfAnswer = 40;
const defaultMaximumTokens = 4096;

interface Message {
  role: string;
  content: string;
}

/** The messages of a request; undefined when it has none that we can read. */
export function readMessages(body: Record<string, unknown> | null): Message[] | undefined {
  const messages = body?.["messages"];
  const isMessage = (each: unknown): each is Message =>
    typeof each === "object" && each !== null && "role" in each && "content" in each &&
    typeof each.role === "string" && typeof each.content === "string";
  if (Array.isArray(messages) && messages.length > 0 && messages.every(isMessage)) return messages;
}

/** The answer to these messages. `[no usage]` in a prompt leaves the usage out. */
export function complete(messages: Message[], body: Record<string, unknown>): unknown {
  const prompt = messages.map(({ content }) => content).join("\n");
  const { max_completion_tokens, max_tokens = defaultMaximumTokens, model } = body;
  const maximum = Number(max_completion_tokens ?? max_tokens);
  const whole = write(prompt);
  const text = whole.slice(0, maximum * charactersPerToken);
  const promptTokens = tokens(prompt);
  const completionTokens = tokens(text);
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
  return {
    id: `chatcmpl-${createHash("sha256").update(prompt).digest("hex").slice(0, 24)}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{
      index: 0,
      message: { role: "assistant", content: text, refusal: null },
      finish_reason: text.length < whole.length ? "length" : "stop",
    }],
    ...(prompt.includes("[no usage]") ? {} : { usage }),
  };
}

function write(prompt: string): string {
  const seed = createHash("sha512").update(prompt).digest();
  return Array.from(
    { length: wordsOfAnswer },
    (_, index) => words[seed[index % seed.length]! % words.length],
  ).join(" ");
}

function tokens(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}
