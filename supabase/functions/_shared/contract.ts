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
  /** The most that a body may hold, in bytes, where that is not 64 KiB. */
  maxBodyBytes?: number;
  query?: z.ZodType<Query>;
  /** Of a body that is no JSON; the schema of the answer is then a text's. */
  mediaType?: string;
  /** Whether it honours `Prefer: wait=N`. */
  waits?: true;
  /** Whether its answers have an `ETag`; it honours `If-None-Match`, and where they are an account's, `X-Min-Version`. */
  validates?: true;
  /** What it answers, by status. */
  answers: Record<number, z.ZodType>;
  /** The codes that it refuses with, beside those that every route of its kind has. */
  refusals: readonly Code[];
}

/** Ties an endpoint to the types of its schemas. */
function endpoint<Body, Query>(
  definition: Endpoint<Body, Query>,
): Endpoint<Body, Query> {
  return definition;
}

// What requests hold. Every object is strict: a field that nobody knows is a mistake, and is refused.

// Of any version, or none: Postgres takes them all, and adopted rows may have some that RFC 9562 does not know.
const generationId = z.guid().describe("The id of a generation.");
const generationType = z.string().regex(
  /^[a-z0-9][a-z0-9_-]{0,62}$/,
  "Must be the name of a type",
)
  .describe(
    "A type of the price list; the project's default type where there is none.",
  );
const reason = z.string().trim().min(1).max(200).describe(
  "Why, for the ledger.",
);

const ReserveRequest = z.strictObject({ type: generationType.optional() })
  .meta({ id: "ReserveRequest" });

const RefundRequest = z.strictObject({
  generation_id: generationId.optional()
    .describe(
      "The generation to give back; a user's newest reservation where there is none.",
    ),
  reason: reason.optional(),
}).meta({ id: "RefundRequest" });

const SubmitRequest = z.strictObject({
  type: generationType.optional(),
  input: z.looseObject({
    prompt: z.string().min(1).max(32_000).describe(
      "What the provider is asked for.",
    ),
  }).describe(
    "What to generate; what else an app puts here is kept beside the prompt.",
  ),
  generation_id: generationId.optional()
    .describe(
      "The reservation to start; the newest of the type where there is none.",
    ),
}).meta({ id: "SubmitRequest" });

const GrantRequest = z.strictObject({
  user_id: z.guid(),
  amount: z.int().min(-1_000_000_000).max(1_000_000_000)
    .refine((amount) => amount !== 0, "Must not be 0")
    .describe("Credits to give; below 0: to take away. Not 0."),
  reason,
}).meta({ id: "GrantRequest" });

const SettlementRequest = z.strictObject({
  generation_id: generationId,
  outcome: z.enum(["completed", "failed"]),
  cost: z.int().min(0).max(1_000_000_000).optional()
    .describe(
      "What a completed one cost in the end, 0 to what was charged; the rest comes back.",
    ),
}).refine((body) => body.outcome === "completed" || body.cost === undefined, {
  path: ["cost"],
  message: "Goes with the outcome completed",
}).meta({ id: "SettlementRequest" });

/** A message of Standard Webhooks. `attempt` is what the job was posted with. */
const callbackFields = {
  timestamp: z.string().max(100).optional().describe(
    "When it happened; the signed time is in a header.",
  ),
};
const callbackJob = {
  generation_id: generationId,
  attempt: z.uuid().describe(
    "As the job had it: who knows it can settle the generation.",
  ),
};
const GenerationCallbackRequest = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("generation.completed"),
    ...callbackFields,
    data: z.strictObject({
      ...callbackJob,
      result: z.looseObject({}).describe("What the user gets; kept as it is."),
      cost: z.int().min(0).max(1_000_000_000).optional()
        .describe(
          "Credits that it cost in the end, 0 to what was charged; the rest comes back.",
        ),
      usage: z.looseObject({}).optional().describe(
        "What it took, for the log.",
      ),
    }),
  }),
  z.strictObject({
    type: z.literal("generation.failed"),
    ...callbackFields,
    data: z.strictObject({
      ...callbackJob,
      error: z.strictObject({
        code: z.enum(["provider_error", "provider_refused", "provider_timeout"])
          .describe("Why, for the ledger and the user."),
        message: z.string().max(1000).optional().describe(
          "Why, for the log alone.",
        ),
      }).optional().describe("provider_error where there is none."),
      usage: z.looseObject({}).optional().describe(
        "What it took, for the log.",
      ),
    }),
  }),
]).meta({ id: "GenerationCallbackRequest" });

const SweepRequest = z.strictObject({
  limit: z.int().min(1).max(10_000).default(500).describe(
    "Generations at most.",
  ),
}).meta({ id: "SweepRequest" });

const topic = z.string().regex(
  /^[a-z0-9][a-z0-9_.-]{0,62}$/,
  "Must be the name of a topic",
);

const PreferencesRequest = z.strictObject({
  muted: z.boolean().default(false).describe(
    "Whether to hear nothing of the topic.",
  ),
  min_interval_seconds: z.int().min(0).max(86_400).default(0)
    .describe(
      "At most one notification in so many seconds, the newest; 0: all.",
    ),
}).meta({ id: "PreferencesRequest" });

const NotificationRequest = z.strictObject({
  topic,
  kind: z.string().min(1).max(200).describe(
    "What happened, as a code of the app's own.",
  ),
  subject: z.string().min(1).max(200).describe(
    "What it is about, such as an order.",
  ),
  status: z.string().min(1).max(200).describe("The subject's new state."),
  payload: z.looseObject({}).default({}).describe(
    "Whatever else; 32 KiB at most, as Postgres writes it.",
  ),
}).meta({ id: "NotificationRequest" });

const TicketRequest = z.strictObject({}).meta({ id: "TicketRequest" });

const eventsQuery = z.strictObject({
  topics: z.string().default("account").refine(
    (text) =>
      text.split(",").every((name) => topic.safeParse(name).success) &&
      text.split(",").length <= 20,
    "Must be names of topics, 20 at most, with commas between",
  ).describe(
    "What to listen to: account, and names of topics, with commas between.",
  ),
  ticket: z.string().max(2000).optional()
    .describe(
      "From POST /events/ticket, for an EventSource, which can send no header.",
    ),
  last_event_id: z.string().max(2000).optional()
    .describe(
      "Where to go on, for who cannot send Last-Event-ID: the id of the last event.",
    ),
});

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
    .optional().describe(
      "Only rows with a lower version: the next_before of the page before.",
    ),
  limit: digits(z.int().min(1).max(100)).default(50).describe("Rows at most."),
});
export type Page = z.infer<typeof page>;

// What answers hold.

const time = z.iso.datetime({ offset: true });
const credits = z.int().min(0).describe("The balance.");
const position = {
  credits,
  version: z.int().min(1).describe(
    "Goes up by one with every event of the account.",
  ),
  epoch: z.int().min(1).describe(
    "Versions compare within an epoch; the greater epoch wins.",
  ),
};
const status = z.enum([
  "reserved",
  "processing",
  "completed",
  "failed",
  "released",
  "expired",
]);
const cost = z.int().min(0).describe("Credits taken.");
const refunded = z.int().min(0).describe("Credits that came back.");

const Reservation = z.object({
  generation_id: generationId,
  status: z.literal("reserved"),
  cost,
  ...position,
  expires_at: time.nullable().describe(
    "When it comes back by itself; null: never.",
  ),
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

/** Of a settlement, what a provider needs to know: no balance. */
const CallbackSettlement = z.object({
  generation_id: generationId,
  status,
  cost,
  refunded,
})
  .meta({ id: "CallbackSettlement" });

const generationFields = {
  generation_id: generationId,
  type: z.string(),
  status,
  cost,
  refunded,
  error: z.string().nullable().describe(
    "Why it failed or expired, as the ledger's code for it.",
  ),
  created_at: time,
  deadline_at: time.nullable(),
  finished_at: time.nullable(),
  refunded_at: time.nullable(),
};

const Generation = z.object({
  ...generationFields,
  input: z.unknown().describe("What was asked for."),
  result: z.unknown().describe(
    "What the provider gave, such as {images: [{b64_json} or {url}]} or {text}; or null.",
  ),
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

const next_before = z.int().nullable().describe(
  "The before of the next page; null on the last.",
);

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
  failed: z.int().min(0).describe(
    "Generations that could not be; health reports them.",
  ),
  more: z.boolean().describe("Whether the limit was reached: sweep again."),
}).meta({ id: "Sweep" });

const Health = z.object({
  healthy: z.boolean(),
  checks: z.array(z.object({
    name: z.string(),
    ok: z.boolean(),
    count: z.int().describe("How many break it."),
    meaning: z.string(),
  })),
  last_sweep: z.object({
    started_at: time,
    finished_at: time,
    batches: z.int(),
    expired: z.int(),
    refunded: z.int(),
    failed: z.int(),
  }).nullable().describe("The newest run of the sweeper."),
}).meta({ id: "Health" });

const Preferences = z.object({
  topic: z.string(),
  muted: z.boolean(),
  min_interval_seconds: z.int().min(0),
  ...position,
}).meta({ id: "Preferences" });

const Published = z.object({
  published: z.boolean().describe(
    "false: a duplicate of the subject's newest, which is dropped.",
  ),
  id: z.int().min(1).describe(
    "Its number within the topic; of a duplicate, that of the one it repeats.",
  ),
}).meta({ id: "Published" });

const Ticket = z.object({
  ticket: z.string().describe(
    "For GET /events?ticket=…, within its time as often as needed.",
  ),
  expires_at: time,
}).meta({ id: "Ticket" });

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
  validates: true,
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
  validates: true,
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
  validates: true,
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
  validates: true,
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
  validates: true,
  answers: { 200: Generation },
  refusals: ["PROFILE_NOT_FOUND", "GENERATION_NOT_FOUND"],
});

export const preferences = endpoint({
  id: "getPreferences",
  summary: "What the user wants of a topic",
  function: "account",
  method: "GET",
  path: "/preferences/:topic",
  for: ["user"],
  validates: true,
  answers: { 200: Preferences },
  refusals: ["PROFILE_NOT_FOUND", "UNKNOWN_TOPIC"],
});

export const setPreferences = endpoint({
  id: "setPreferences",
  summary: "Mutes a topic, or thins it out",
  function: "account",
  method: "PUT",
  path: "/preferences/:topic",
  for: ["user"],
  body: PreferencesRequest,
  answers: { 200: Preferences },
  refusals: ["PROFILE_NOT_FOUND", "UNKNOWN_TOPIC"],
});

export const events = endpoint({
  id: "listen",
  summary: "The own account's events, and an app's notifications, as server-sent events",
  function: "events",
  method: "GET",
  path: "",
  for: ["user", "ticket"],
  query: eventsQuery,
  mediaType: "text/event-stream",
  answers: {
    200: z.string().describe("docs/events.md has the protocol.").meta({
      id: "EventStream",
    }),
  },
  refusals: ["PROFILE_NOT_FOUND", "UNKNOWN_TOPIC"],
});

export const ticket = endpoint({
  id: "issueTicket",
  summary: "A ticket for a browser's own EventSource, good for a minute",
  function: "events",
  method: "POST",
  path: "/ticket",
  for: ["user"],
  body: TicketRequest,
  answers: { 200: Ticket },
  refusals: [],
});

export const callback = endpoint({
  id: "settleByProvider",
  summary: "Takes the result of a generation that was handed over to a provider",
  function: "generation-callback",
  method: "POST",
  path: "",
  for: ["provider"],
  body: GenerationCallbackRequest,
  maxBodyBytes: 16 * 1024 * 1024, // pictures in base64; as much as a provider may answer at once
  answers: { 200: CallbackSettlement },
  refusals: [
    "INVALID_SIGNATURE",
    "PROFILE_NOT_FOUND",
    "GENERATION_NOT_FOUND",
    "GENERATION_ALREADY_SETTLED",
    "GENERATION_IN_PROGRESS",
  ],
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

export const notifications = endpoint({
  id: "publishNotification",
  summary: "Publishes a notification on a topic",
  function: "operations",
  method: "POST",
  path: "/notifications",
  for: ["operator"],
  body: NotificationRequest,
  answers: { 200: Published },
  refusals: ["UNKNOWN_TOPIC"],
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

export const metrics = endpoint({
  id: "getMetrics",
  summary: "What is counted, in OpenMetrics",
  function: "operations",
  method: "GET",
  path: "/metrics",
  for: ["operator"],
  mediaType: "application/openmetrics-text",
  answers: {
    200: z.string().describe("docs/metrics.md names each.").meta({
      id: "Metrics",
    }),
  },
  refusals: [],
});

export const openapi = endpoint({
  id: "getOpenapi",
  summary: "This description",
  function: "operations",
  method: "GET",
  path: "/openapi",
  for: ["anybody"],
  answers: {
    200: z.looseObject({ openapi: z.string() }).meta({ id: "Openapi" }),
  },
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
  preferences,
  setPreferences,
  events,
  ticket,
  callback,
  grants,
  settlements,
  notifications,
  sweep,
  health,
  metrics,
  openapi,
];
