/**
 * Work that is called back: takes a job, answers 202, draws, and tells `callback_url` what came of it, signed as Standard
 * Webhooks have it. What is not answered with 2xx is sent again, a few times.
 *
 * Beside those of orders.ts, where `[fail]` and `[refuse]` are what the callback tells, a prompt may order: `[twice]` sends the
 * message again after it was taken, `[cost 3]` names the cost, `[stale]` signs for a time ten minutes ago, `[forged]` with
 * another secret.
 */
import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { obeyBusy, obeyDelays, refusal } from "./orders.ts";
import { drawPicture, parseSize } from "./picture.ts";

/** What submit-generation posts. */
interface Job {
  generation_id: string;
  attempt: string;
  input: { prompt: string; size?: string };
  callback_url: string;
}

/** One call of a callback, and what it was answered. */
export interface Call {
  webhook_id: string;
  status: number;
  replayed: boolean;
  body: string;
}

const maximumTries = 4;
const staleSeconds = 600;

export class ProviderJobs {
  readonly #webhook: Webhook;
  /** By the Idempotency-Key that each came with. */
  readonly #jobs = new Map<string, Job>();
  readonly #calls = new Map<string, Call[]>();

  /** @param secret `whsec_…`, which generation-callback knows, too. */
  constructor(secret: string) {
    this.#webhook = new Webhook(secret);
  }

  /** Accepts a job; one that is accepted already is not done again. */
  accept(
    body: Record<string, unknown> | null,
    key: string | null,
    requestsSoFar: number,
  ): Response {
    const job = readJob(body);
    if (!job || key === null) {
      return refusal(400, "invalid_request_error", null, "This is no job with an Idempotency-Key.");
    }
    const busy = obeyBusy(job.input.prompt, requestsSoFar);
    if (busy) return busy;
    if (!this.#jobs.has(key)) {
      this.#jobs.set(key, job);
      this.#work(job).catch((error) => console.error(`The job ${key} failed:`, error));
    }
    return Response.json({ accepted: true }, { status: 202 });
  }

  /** The calls about a generation so far. */
  calls(generationId: string): Call[] {
    return this.#calls.get(generationId) ?? [];
  }

  async #work(job: Job): Promise<void> {
    const { prompt } = job.input;
    await obeyDelays(prompt);
    const id = `msg_${job.generation_id}`;
    const body = JSON.stringify({ ...message(job), timestamp: new Date().toISOString() });
    const taken = await this.#send(job, id, body);
    if (taken && prompt.includes("[twice]")) await this.#send(job, id, body);
  }

  /** Whether it was taken in the end. */
  async #send(job: Job, id: string, body: string): Promise<boolean> {
    const { generation_id, input: { prompt }, callback_url } = job;
    const calls = this.#calls.get(generation_id) ?? [];
    this.#calls.set(generation_id, calls);
    for (let attempt = 1; attempt <= maximumTries; attempt++) {
      // Each try is signed for its own time: the message's stays.
      const signedAt = new Date(
        Date.now() - (prompt.includes("[stale]") ? staleSeconds * 1000 : 0),
      );
      const webhook = prompt.includes("[forged]")
        ? new Webhook(`whsec_${randomBytes(32).toString("base64")}`)
        : this.#webhook;
      const call: Call = { webhook_id: id, status: 0, replayed: false, body: "" };
      try {
        const response = await fetch(callback_url, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": String(Math.floor(signedAt.getTime() / 1000)),
            "webhook-signature": webhook.sign(id, signedAt, body),
          },
          body,
        });
        call.status = response.status;
        call.replayed = response.headers.get("idempotent-replayed") === "true";
        call.body = await response.text();
      } catch (error) {
        call.body = String(error); // nobody there, for now
      }
      calls.push(call);
      if (call.status >= 200 && call.status < 300) return true;
      await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
    }
    return false;
  }
}

function readJob(body: Record<string, unknown> | null): Job | undefined {
  const { generation_id, attempt, input, callback_url } = body ?? {};
  const texts = [generation_id, attempt, callback_url, (input as Job["input"] | undefined)?.prompt];
  if (texts.every((text) => typeof text === "string")) return body as unknown as Job;
}

/** What the callback says. */
function message({ generation_id, attempt, input: { prompt, size = "512x512" } }: Job) {
  const job = { generation_id, attempt };
  const picture = parseSize(size);
  if (prompt.includes("[refuse]") || !picture) {
    const error = { code: "provider_refused", message: "Rejected by the safety system." };
    return { type: "generation.failed", data: { ...job, error } };
  }
  if (prompt.includes("[fail]")) {
    const error = { code: "provider_error", message: "The renderer crashed." };
    return { type: "generation.failed", data: { ...job, error } };
  }
  const cost = prompt.match(/\[cost (\d+)\]/)?.[1];
  const images = [{ b64_json: drawPicture(prompt, picture).toString("base64") }];
  return {
    type: "generation.completed",
    data: {
      ...job,
      result: { images },
      ...(cost === undefined ? {} : { cost: Number(cost) }),
    },
  };
}
