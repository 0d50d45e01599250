/**
 * What a prompt may order of the local provider, so that production code needs no hook for tests:
 * `[fail]` answers 500, `[refuse]` 400, `[slow 2.5s]` after that many seconds (at most 600), `[hang]` never, and `[busy 2]`
 * answers 429 to the first two requests of this prompt. provider_jobs.ts has more, for work that is called back.
 */

const maximumDelaySeconds = 600;

/** A refusal in the form of OpenAI's. */
export function refusal(
  status: number,
  type: string,
  code: string | null,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ error: { message, type, param: null, code } }, { status, headers });
}

/** Does what the prompt orders; undefined when the work is still to be done. */
export async function obey(prompt: string, requestsSoFar: number): Promise<Response | undefined> {
  const busy = obeyBusy(prompt, requestsSoFar);
  if (busy) return busy;
  await obeyDelays(prompt);
  if (prompt.includes("[fail]")) {
    return refusal(500, "server_error", null, "The server had an error while processing it.");
  }
  if (prompt.includes("[refuse]")) {
    const message = "Your request was rejected as a result of our safety system.";
    return refusal(400, "image_generation_user_error", "content_policy_violation", message);
  }
}

/** Refuses the first requests of a prompt with `[busy N]`: so many, this one among them, have come so far. */
export function obeyBusy(prompt: string, requestsSoFar: number): Response | undefined {
  if (requestsSoFar > Number(prompt.match(/\[busy (\d+)\]/)?.[1] ?? 0)) return;
  return refusal(429, "requests", "rate_limit_exceeded", "Too many requests.", {
    "retry-after": "1",
  });
}

/** `[slow Ns]` and `[hang]`. */
export async function obeyDelays(prompt: string): Promise<void> {
  if (prompt.includes("[hang]")) return await new Promise<never>(() => {});
  const seconds = Number(prompt.match(/\[slow (\d+(?:\.\d+)?)s\]/)?.[1] ?? 0);
  if (seconds === 0) return;
  const delayMs = Math.min(seconds, maximumDelaySeconds) * 1000;
  await new Promise((resolve) => setTimeout(resolve, delayMs));
}
