/** The OpenAPI 3.1 description of all functions, made from the zod schemas of the contract. */

import { z } from "zod";
import { type Endpoint, endpoints } from "./contract.ts";
import { type Code, STATUS_OF } from "./problem.ts";

type Json = Record<string, unknown>;

const TAGS: Record<string, string> = {
  "check-and-deduct-credit": "Reserve a generation.",
  "refund-credit": "Give a hold back.",
  "submit-generation": "Start a generation.",
  "account": "What a user sees of the own account.",
  "events": "The stream of events.",
  "generation-callback": "A provider's result, when it is done.",
  "operations": "What operators, and an app's own servers, do with a secret key.",
};

/** The release that the description is of. */
const VERSION = "0.1.0";

const Problem = z.looseObject({
  type: z.string().describe("docs/errors.md#code"),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe("What was wrong and what to do, for people."),
  code: z.string().describe("What was wrong, for programs."),
  request_id: z.string().describe("Names the request in the logs."),
  credits: z.int().optional().describe(
    "The balance, where an account is known; with version and epoch.",
  ),
  version: z.int().optional(),
  epoch: z.int().optional(),
}).meta({ id: "Problem" });

/** Whether its callers are those of `@supabase/server`. */
function hasAccounts(endpoint: Endpoint): boolean {
  return !endpoint.for.includes("anybody") &&
    !endpoint.for.includes("provider");
}

/** What every route may refuse with, beside its own refusals. */
function commonRefusals(endpoint: Endpoint): Code[] {
  return [
    "INVALID_REQUEST",
    "METHOD_NOT_ALLOWED",
    "INTERNAL_ERROR",
    "ACCOUNT_BUSY",
    "DATABASE_UNAVAILABLE",
    ...(hasAccounts(endpoint) ? ["FORBIDDEN" as const] : []),
    ...(endpoint.method === "GET" ? [] : [
      "IDEMPOTENCY_KEY_INVALID" as const,
      "IDEMPOTENCY_KEY_REUSED" as const,
      "BODY_TOO_LARGE" as const,
      "UNSUPPORTED_MEDIA_TYPE" as const,
    ]),
  ];
}

/** A schema as a reference to its component; every schema of a body or an answer has an id. */
function reference(schema: z.ZodType): Json {
  const id = z.globalRegistry.get(schema)?.id;
  if (id === undefined) throw new Error("A schema of the contract has no id");
  return { $ref: `#/components/schemas/${id}` };
}

function header(name: string): Json {
  return { [name]: { $ref: `#/components/headers/${name}` } };
}

function parameters(endpoint: Endpoint): Json[] {
  const path = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: name === "id" ? { type: "string", format: "uuid" } : { type: "string" },
  }));
  const query = endpoint.query
    ? Object.entries(
      (z.toJSONSchema(endpoint.query, { io: "input" }) as { properties: Json })
        .properties,
    )
      .map(([name, schema]) => ({ name, in: "query", schema }))
    : [];
  return [
    ...path,
    ...query,
    ...(endpoint.for.includes("provider")
      ? ["webhook-id", "webhook-timestamp", "webhook-signature"].map((
        name,
      ) => ({
        $ref: `#/components/parameters/${name}`,
      }))
      : endpoint.method === "GET"
      ? []
      : [{ $ref: "#/components/parameters/Idempotency-Key" }]),
    ...(endpoint.waits ? [{ $ref: "#/components/parameters/Prefer" }] : []),
    ...(endpoint.validates
      ? ["If-None-Match", "X-Min-Version"].map((name) => ({
        $ref: `#/components/parameters/${name}`,
      }))
      : []),
  ];
}

function responses(endpoint: Endpoint): Json {
  const all: Record<string, Json> = {};
  for (const [status, schema] of Object.entries(endpoint.answers)) {
    all[status] = {
      description: status === "202"
        ? "Accepted; the work goes on"
        : status === "503"
        ? "Broken"
        : "Done",
      headers: {
        ...header("X-Request-Id"),
        ...(endpoint.method === "GET" ? {} : header("Idempotent-Replayed")),
        ...(endpoint.waits ? { ...header("Location"), ...header("Preference-Applied") } : {}),
        ...(endpoint.validates ? header("ETag") : {}),
      },
      content: {
        [endpoint.mediaType ?? "application/json"]: {
          schema: reference(schema),
        },
      },
    };
  }
  if (endpoint.validates) {
    all["304"] = {
      description: "The client has this already",
      headers: { ...header("X-Request-Id"), ...header("ETag") },
    };
  }
  const refusals = Map.groupBy(
    new Set([...endpoint.refusals, ...commonRefusals(endpoint)]),
    (code) => STATUS_OF[code],
  );
  for (const [status, codes] of [...refusals].sort(([a], [b]) => a - b)) {
    const problem = {
      schema: {
        allOf: [reference(Problem), { properties: { code: { enum: codes } } }],
      },
    };
    const known = all[status] as { content: Json } | undefined;
    if (known) known.content["application/problem+json"] = problem;
    else {
      all[status] = {
        description: codes.join(", "),
        headers: {
          ...header("X-Request-Id"),
          ...(status === 429 || status === 503 ? header("Retry-After") : {}),
        },
        content: { "application/problem+json": problem },
      };
    }
  }
  if (hasAccounts(endpoint)) {
    all["401"] = {
      description: "The code of @supabase/server: the credentials are missing or not good",
      headers: header("X-Request-Id"),
      content: { "application/problem+json": { schema: reference(Problem) } },
    };
  }
  return all;
}

function operation(endpoint: Endpoint): Json {
  const scheme = {
    user: { userToken: [] },
    ticket: { ticket: [] },
    operator: { secretKey: [] },
    provider: { providerSignature: [] },
    anybody: {},
  };
  return {
    operationId: endpoint.id,
    summary: endpoint.summary,
    tags: [endpoint.function],
    security: endpoint.for.map((audience) => scheme[audience]),
    parameters: parameters(endpoint),
    ...(endpoint.body
      ? {
        requestBody: {
          content: { "application/json": { schema: reference(endpoint.body) } },
        },
      }
      : {}),
    responses: responses(endpoint),
  };
}

function stringHeader(description: string): Json {
  return { description, schema: { type: "string" } };
}

function webhookHeader(
  name: string,
  description: string,
  pattern: string,
): Json {
  return {
    name,
    in: "header",
    required: true,
    description,
    schema: { type: "string", pattern },
  };
}

/** The description, for the functions below `server`. */
export function describeApi(
  server = "https://your-project.supabase.co/functions/v1",
): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const path = `/${endpoint.function}${endpoint.path.replace(/:(\w+)/g, "{$1}")}`;
    paths[path] = {
      ...paths[path],
      [endpoint.method.toLowerCase()]: operation(endpoint),
    };
  }
  const { schemas } = z.toJSONSchema(z.globalRegistry, {
    io: "input",
    uri: (id) => `#/components/schemas/${id}`,
  });
  for (const schema of Object.values(schemas)) {
    delete schema.$id;
    delete schema.$schema;
    delete (schema as Json)["id"];
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "edge-credits",
      version: VERSION,
      summary: "Race-free usage credits for AI apps on Supabase",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: server }],
    tags: Object.entries(TAGS).map(([name, description]) => ({
      name,
      description,
    })),
    paths,
    components: {
      schemas,
      parameters: {
        "Idempotency-Key": {
          name: "Idempotency-Key",
          in: "header",
          description: "Makes the request safe to send again: the same key gets the first answer.",
          schema: { type: "string", pattern: '^"?[A-Za-z0-9_:.-]{1,255}"?$' },
        },
        "webhook-id": webhookHeader(
          "webhook-id",
          "Names the message, and stays the same when it is sent again.",
          "^[A-Za-z0-9_:.-]{1,255}$",
        ),
        "webhook-timestamp": webhookHeader(
          "webhook-timestamp",
          "When this was sent, in seconds since 1970; within 5 minutes of now.",
          "^\\d+$",
        ),
        "webhook-signature": webhookHeader(
          "webhook-signature",
          "Signatures of Standard Webhooks, with spaces between; one must be good.",
          "^v1,",
        ),
        Prefer: {
          name: "Prefer",
          in: "header",
          description:
            "wait=N: answer the finished generation, if it comes within N seconds, 60 at most.",
          schema: { type: "string", examples: ["wait=30"] },
        },
        "If-None-Match": {
          name: "If-None-Match",
          in: "header",
          description:
            "The ETag of the answer that the client has: 304 where it is still the answer.",
          schema: { type: "string" },
        },
        "X-Min-Version": {
          name: "X-Min-Version",
          in: "header",
          description:
            "<epoch>.<version> that the client has seen: an answer older than that is never given.",
          schema: {
            type: "string",
            pattern: "^\\d+\\.\\d+$",
            examples: ["1795252494340.57"],
          },
        },
      },
      headers: {
        ETag: stringHeader(
          'Names this answer: "<epoch>.<version>.<tag of the user>".',
        ),
        "X-Request-Id": stringHeader("Names the request in the logs."),
        "Idempotent-Replayed": stringHeader(
          "true: this is the first answer to that key, again.",
        ),
        Location: stringHeader("Where the generation is."),
        "Preference-Applied": stringHeader("The wait that was honoured."),
        "Retry-After": stringHeader("Seconds to wait before the next try."),
      },
      securitySchemes: {
        userToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        ticket: { type: "apiKey", in: "query", name: "ticket" },
        secretKey: { type: "apiKey", in: "header", name: "apikey" },
        providerSignature: {
          type: "apiKey",
          in: "header",
          name: "webhook-signature",
        },
      },
    },
  };
}
