/**
 * Who generates. An adapter speaks one provider's protocol; a type of the price list names the one it uses. docs/providers.md
 * shows how to add another.
 */

/** Why there is no result, as a code for the ledger, and in words that the user may read. */
export const REASONS = {
  provider_error: "The provider failed",
  provider_refused: "The provider refused this input",
  provider_timeout: "The provider did not answer in time",
  provider_unreachable: "The provider could not be reached",
  provider_invalid_answer: "The provider's answer could not be read",
  provider_not_configured: "The provider of this type is not set up",
} as const;

export type Reason = keyof typeof REASONS;

export interface ProviderErrorOptions {
  /** For the log alone: it may tell of the inside. */
  cause?: unknown;
  /** Whether the same request may be sent again, and after how many milliseconds; null: as soon as seems good. */
  retry?: { afterMs: number | null };
}

export class ProviderError extends Error {
  override name = "ProviderError";
  readonly retry: { afterMs: number | null } | null;

  constructor(
    readonly reason: Reason,
    { cause, retry }: ProviderErrorOptions = {},
  ) {
    super(REASONS[reason], cause === undefined ? {} : { cause });
    this.retry = retry ?? null;
  }
}

/** One generation that a provider is to work on. */
export interface ProviderJob {
  generationId: string;
  /** Names this attempt: the token of its lease. Who has it can settle the generation. */
  attempt: string;
  /** The type's name in the price list. */
  type: string;
  /** What the client asked for; nothing of it but that it has a prompt was checked. */
  input: Record<string, unknown>;
  /** The type's `provider_options`. */
  options: Record<string, unknown>;
  /** Credits that were charged: the most that it can cost. */
  cost: number;
  /** When the wait ends. */
  deadline: Date;
}

/**
 * What came of a job: its result, to be kept as JSON; or that the provider has taken it over, and will call
 * generation-callback.
 */
export type Outcome =
  | {
    result: Record<string, unknown>;
    /** Credits that it cost in the end, where that is less than was charged. */
    cost?: number;
    /** What an operator should know; goes to the log. */
    warning?: string;
  }
  | { handedOver: true };

export interface Provider {
  /**
   * Does the job, or hands it over.
   *
   * @throws {ProviderError} whatever went wrong, and when `signal` has ended the wait.
   */
  start(job: ProviderJob, signal: AbortSignal): Promise<Outcome>;
}
