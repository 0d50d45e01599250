/** The `Idempotency-Key` header (IETF draft-ietf-httpapi-idempotency-key-header), quoted as there or bare. */

import type { Answer } from "./database.ts";
import { Problem } from "./problem.ts";
import type { Reply } from "./serve.ts";

const KEY = /^[A-Za-z0-9_:.-]{1,255}$/;

/**
 * The key of a request, or null where it has none.
 *
 * @param name The header that has it: of a webhook, `webhook-id`, which knows no quotes.
 * @throws {Problem} `IDEMPOTENCY_KEY_INVALID`
 */
export function readIdempotencyKey(
  headers: Headers,
  name: "idempotency-key" | "webhook-id" = "idempotency-key",
): string | null {
  const header = headers.get(name);
  if (header === null) return null;
  const quotes = name === "idempotency-key";
  const key = quotes && /^".*"$/.test(header) ? header.slice(1, -1) : header;
  if (KEY.test(key)) return key;
  throw new Problem(
    "IDEMPOTENCY_KEY_INVALID",
    `The header ${name} is 1 to 255 characters of A-Z a-z 0-9 _ : . -${
      quotes ? ", with or without quotes" : ""
    }`,
  );
}

/** An answer of the database as a reply; a replayed one says so in a header. */
export function reply(
  answer: Answer,
  status = 200,
  headers: Record<string, string> = {},
): Reply {
  const { replayed, ...body } = answer;
  return {
    status,
    body,
    headers: {
      ...headers,
      ...(replayed === true ? { "idempotent-replayed": "true" } : {}),
    },
  };
}
