/**
 * What can be asked, and what is answered: every route of every function. Handlers take their schemas from here, and the
 * OpenAPI description is made from it.
 */

import { z } from "zod";
import type { Audience } from "./auth.ts";
import type { Code } from "./problem.ts";

export interface Endpoint<Body = unknown, Query = unknown> {
  /** The operation's name, unique over all functions. */
  id: string;
  summary: string;
  /** The function that serves it. */
  function: string;
  method: "GET" | "POST" | "PUT";
  /** Below the function's name, in the syntax of `URLPattern`; "" is the function itself. */
  path: string;
  for: readonly Audience[];
  body?: z.ZodType<Body>;
  query?: z.ZodType<Query>;
  /** Whether it honours `Prefer: wait=N`. */
  waits?: true;
  /** What it answers, by status. */
  answers: Record<number, z.ZodType>;
  /** The codes that it refuses with, beside those that every route of its kind has. */
  refusals: readonly Code[];
}

/** Ties an endpoint to the types of its schemas. */
function endpoint<Body, Query>(definition: Endpoint<Body, Query>): Endpoint<Body, Query> {
  return definition;
}

// What requests hold. Every object is strict: a field that nobody knows is a mistake, and is refused.

const generationId = z.uuid().describe("The id of a generation.");
const generationType = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "Must be the name of a type")
  .describe("A type of the price list; the project's default type where there is none.");
const reason = z.string().trim().min(1).max(200).describe("Why, for the ledger.");

const ReserveRequest = z.strictObject({ type: generationType.optional() })
  .meta({ id: "ReserveRequest" });

const RefundRequest = z.strictObject({
  generation_id: generationId.optional()
    .describe("The generation to give back; a user's newest reservation where there is none."),
  reason: reason.optional(),
}).meta({ id: "RefundRequest" });

const SubmitRequest = z.strictObject({
  type: generationType.optional(),
  input: z.looseObject({
    prompt: z.string().min(1).max(32_000).describe("What the provider is asked for."),
  }).describe("What to generate; what else an app puts here is kept beside the prompt."),
  generation_id: generationId.optional()
    .describe("The reservation to start; the newest of the type where there is none."),
}).meta({ id: "SubmitRequest" });

const GrantRequest = z.strictObject({
  user_id: z.uuid(),
  amount: z.int().min(-1_000_000_000).max(1_000_000_000)
    .refine((amount) => amount !== 0, "Must not be 0")
    .describe("Credits to give; below 0: to take away. Not 0."),
  reason,
}).meta({ id: "GrantRequest" });

const SettlementRequest = z.strictObject({
  generation_id: generationId,
  outcome: z.enum(["completed", "failed"]),
  cost: z.int().min(0).max(1_000_000_000).optional()
    .describe("What a completed one cost in the end, 0 to what was charged; the rest comes back."),
}).refine((body) => body.outcome === "completed" || body.cost === undefined, {
  path: ["cost"],
  message: "Goes with the outcome completed",
}).meta({ id: "SettlementRequest" });

const SweepRequest = z.strictObject({
  limit: z.int().min(1).max(10_000).default(500).describe("Generations at most."),
}).meta({ id: "SweepRequest" });

/** A whole number of a query, in digits: no exponent, no space, no plus, and not the empty string for 0. */
const digits = (schema: z.ZodInt) =>
  z.preprocess(
    (value) => typeof value === "string" && /^-?\d{1,16}$/.test(value) ? Number(value) : value,
    schema,
  );

/** A page of a list, newest first. */
const page = z.strictObject({
  // Rows that were adopted have the versions 0, -1, -2, ….
  before: digits(z.int())
    .optional().describe("Only rows with a lower version: the next_before of the page before."),
  limit: digits(z.int().min(1).max(100)).default(50).describe("Rows at most."),
});
export type Page = z.infer<typeof page>;

// What answers hold.

const time = z.iso.datetime({ offset: true });
const credits = z.int().min(0).describe("The balance.");
const position = {
  credits,
  version: z.int().min(1).describe("Goes up by one with every event of the account."),
  epoch: z.int().min(1).describe("Versions compare within an epoch; the greater epoch wins."),
};
const status = z.enum(["reserved", "processing", "completed", "failed", "released", "expired"]);
const cost = z.int().min(0).describe("Credits taken.");
const refunded = z.int().min(0).describe("Credits that came back.");

const Reservation = z.object({
  generation_id: generationId,
  status: z.literal("reserved"),
  cost,
  ...position,
  expires_at: time.nullable().describe("When it comes back by itself; null: never."),
}).meta({ id: "Reservation" });

const Submission = z.object({
  generation_id: generationId,
  status: z.literal("processing"),
  cost,
  ...position,
  deadline_at: time.describe("When it is refunded if it is not done."),
}).meta({ id: "Submission" });

const Settlement = z.object({
  generation_id: generationId,
  status,
  cost,
  refunded,
  ...position,
}).meta({ id: "Settlement" });

const generationFields = {
  generation_id: generationId,
  type: z.string(),
  status,
  cost,
  refunded,
  error: z.string().nullable().describe("Why it failed or expired, as the ledger's code for it."),
  created_at: time,
  deadline_at: time.nullable(),
  finished_at: time.nullable(),
  refunded_at: time.nullable(),
};

const Generation = z.object({
  ...generationFields,
  input: z.unknown().describe("What was asked for."),
  result: z.unknown().describe("What the provider gave: {images: [{b64_json} or {url}]}; or null."),
  ...position,
}).meta({ id: "Generation" });

const Account = z.object({ ...position, last_generate_at: time.nullable() })
  .meta({ id: "Account" });

const PriceList = z.object({
  default_type: z.string(),
  types: z.array(z.object({
    type: z.string(),
    cost: z.int().min(1),
    rate_limit_seconds: z.int().min(0),
    timeout_seconds: z.int().min(1),
    reservation_seconds: z.int().min(1).nullable(),
    refund_on_failure: z.boolean(),
  })),
}).meta({ id: "PriceList" });

const next_before = z.int().nullable().describe("The before of the next page; null on the last.");

const History = z.object({
  ...position,
  events: z.array(z.object({
    version: z.int(),
    type: z.string(),
    delta: z.int().describe("Credits: below 0 for a charge."),
    balance: credits.describe("The balance after it."),
    reason: z.string(),
    actor: z.string(),
    generation_id: generationId.nullable(),
    created_at: time,
  })),
  next_before,
}).meta({ id: "History" });

const Generations = z.object({
  ...position,
  generations: z.array(z.object({ ...generationFields, version: z.int() })),
  next_before,
}).meta({ id: "Generations" });

const Balance = z.object(position).meta({ id: "Balance" });

const Sweep = z.object({
  expired: z.int().min(0).describe("Generations that were expired."),
  refunded: z.int().min(0).describe("Credits that came back."),
}).meta({ id: "Sweep" });

const Health = z.object({
  healthy: z.boolean(),
  checks: z.array(z.object({
    name: z.string(),
    ok: z.boolean(),
    count: z.int().describe("How many break it."),
    meaning: z.string(),
  })),
}).meta({ id: "Health" });

// The routes.

const chargeRefusals = [
  "PROFILE_NOT_FOUND",
  "UNKNOWN_TYPE",
  "RATE_LIMITED",
  "INSUFFICIENT_CREDITS",
] as const;

export const reserve = endpoint({
  id: "checkAndDeductCredit",
  summary: "Takes the cost of one generation now, for a submission that follows",
  function: "check-and-deduct-credit",
  method: "POST",
  path: "",
  for: ["user"],
  body: ReserveRequest,
  answers: { 200: Reservation },
  refusals: chargeRefusals,
});

export const refund = endpoint({
  id: "refundCredit",
  summary: "Gives a hold back: an own reservation, or, for an operator, any unsettled generation",
  function: "refund-credit",
  method: "POST",
  path: "",
  for: ["user", "operator"],
  body: RefundRequest,
  answers: { 200: Settlement },
  refusals: [
    "PROFILE_NOT_FOUND",
    "GENERATION_NOT_FOUND",
    "GENERATION_ALREADY_SETTLED",
    "GENERATION_IN_PROGRESS",
    "NOTHING_TO_REFUND",
  ],
});

export const submit = endpoint({
  id: "submitGeneration",
  summary: "Charges a generation, or claims its reservation, and starts it",
  function: "submit-generation",
  method: "POST",
  path: "",
  for: ["user"],
  body: SubmitRequest,
  waits: true,
  answers: { 200: Generation, 202: Submission },
  refusals: [
    ...chargeRefusals,
    "GENERATION_NOT_FOUND",
    "GENERATION_ALREADY_SETTLED",
    "GENERATION_IN_PROGRESS",
    "GENERATION_FAILED",
    "GENERATION_TIMED_OUT",
  ],
});

export const account = endpoint({
  id: "getAccount",
  summary: "The balance",
  function: "account",
  method: "GET",
  path: "",
  for: ["user"],
  answers: { 200: Account },
  refusals: ["PROFILE_NOT_FOUND"],
});

export const types = endpoint({
  id: "getTypes",
  summary: "The price list",
  function: "account",
  method: "GET",
  path: "/types",
  for: ["user"],
  answers: { 200: PriceList },
  refusals: [],
});

export const history = endpoint({
  id: "getHistory",
  summary: "The credit changes, newest first",
  function: "account",
  method: "GET",
  path: "/history",
  for: ["user"],
  query: page,
  answers: { 200: History },
  refusals: ["PROFILE_NOT_FOUND"],
});

export const generations = endpoint({
  id: "getGenerations",
  summary: "The own generations, newest first",
  function: "account",
  method: "GET",
  path: "/generations",
  for: ["user"],
  query: page,
  answers: { 200: Generations },
  refusals: ["PROFILE_NOT_FOUND"],
});

export const generation = endpoint({
  id: "getGeneration",
  summary: "One own generation, with its input and result",
  function: "account",
  method: "GET",
  path: "/generations/:id",
  for: ["user"],
  answers: { 200: Generation },
  refusals: ["PROFILE_NOT_FOUND", "GENERATION_NOT_FOUND"],
});

export const grants = endpoint({
  id: "grantCredits",
  summary: "Grants credits, or takes some away",
  function: "operations",
  method: "POST",
  path: "/grants",
  for: ["operator"],
  body: GrantRequest,
  answers: { 200: Balance },
  refusals: ["PROFILE_NOT_FOUND", "INSUFFICIENT_CREDITS"],
});

export const settlements = endpoint({
  id: "settleGeneration",
  summary: "Completes or fails a reservation whose work was done elsewhere",
  function: "operations",
  method: "POST",
  path: "/settlements",
  for: ["operator"],
  body: SettlementRequest,
  answers: { 200: Settlement },
  refusals: [
    "PROFILE_NOT_FOUND",
    "GENERATION_NOT_FOUND",
    "GENERATION_ALREADY_SETTLED",
    "GENERATION_IN_PROGRESS",
  ],
});

export const sweep = endpoint({
  id: "sweep",
  summary: "Expires and refunds generations whose deadline or lease has passed",
  function: "operations",
  method: "POST",
  path: "/sweep",
  for: ["operator"],
  body: SweepRequest,
  answers: { 200: Sweep },
  refusals: [],
});

export const health = endpoint({
  id: "getHealth",
  summary: "Whether the invariants hold",
  function: "operations",
  method: "GET",
  path: "/health",
  for: ["operator"],
  answers: { 200: Health, 503: Health },
  refusals: [],
});

export const openapi = endpoint({
  id: "getOpenapi",
  summary: "This description",
  function: "operations",
  method: "GET",
  path: "/openapi",
  for: ["anybody"],
  answers: { 200: z.looseObject({ openapi: z.string() }).meta({ id: "Openapi" }) },
  refusals: [],
});

export const endpoints: Endpoint[] = [
  reserve,
  refund,
  submit,
  account,
  types,
  history,
  generations,
  generation,
  grants,
  settlements,
  sweep,
  health,
  openapi,
];
