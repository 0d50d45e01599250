/** Reads the body of a request: bounded, UTF-8, one JSON object that Postgres can keep and that means one thing only. */

import { duplicateKey } from "./duplicate_keys.ts";
import { Problem } from "./problem.ts";

/** The most that a body may hold, in bytes. */
export const MAX_BODY_BYTES = 64 * 1024;

/** How deep objects and arrays may lie in each other: far above any input, far below any parser's stack. */
const MAX_DEPTH = 32;

/** The body as an object; an empty one is `{}`. */
export async function readBody(
  request: Request,
): Promise<Record<string, unknown>> {
  return parseBody(await readBytes(request), request.headers);
}

/** The object that these bytes of a body say; none at all say `{}`. */
export function parseBody(
  bytes: Uint8Array,
  headers: Headers,
): Record<string, unknown> {
  if (bytes.length === 0) return {};

  const mediaType = headers.get("content-type")?.split(";")[0]?.trim()
    .toLowerCase();
  if (mediaType !== "application/json") {
    throw new Problem(
      "UNSUPPORTED_MEDIA_TYPE",
      "Send the body as application/json",
    );
  }

  const coding = headers.get("content-encoding") ?? "identity";
  if (coding.toLowerCase() !== "identity") {
    throw new Problem(
      "UNSUPPORTED_MEDIA_TYPE",
      "Send the body without a content-encoding",
    );
  }

  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new Problem(
      "INVALID_REQUEST",
      "The body is not valid JSON in UTF-8",
      { fields: [] },
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Problem("INVALID_REQUEST", "The body must be a JSON object", {
      fields: [],
    });
  }
  refuseUnstorable(value);
  const field = duplicateKey(text);
  if (field !== null) {
    const message = "A key stands twice in its object";
    throw new Problem("INVALID_REQUEST", `${field}: ${message}`, {
      fields: [{ field, message }],
    });
  }
  refusePrototype(value);
  return value as Record<string, unknown>;
}

/** Refuses the one name of a key that a copy of an object would lose without a word. */
function refusePrototype(value: object, path = ""): void {
  for (const [key, member] of Object.entries(value)) {
    const field = path ? `${path}.${key}` : key;
    if (key === "__proto__") {
      const message = "A key cannot have this name";
      throw new Problem("INVALID_REQUEST", `${field}: ${message}`, {
        fields: [{ field, message }],
      });
    }
    if (typeof member === "object" && member !== null) refusePrototype(member, field);
  }
}

/** The body as it was sent, of so many bytes at most. */
export async function readBytes(
  request: Request,
  maximum = MAX_BODY_BYTES,
): Promise<Uint8Array> {
  const tooLarge = new Problem(
    "BODY_TOO_LARGE",
    `A body holds ${maximum} bytes at most`,
  );
  if (Number(request.headers.get("content-length")) > maximum) throw tooLarge;

  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body) {
    for await (const chunk of request.body) {
      length += chunk.length;
      if (length > maximum) throw tooLarge;
      chunks.push(chunk);
    }
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/**
 * Refuses what JSON allows and `jsonb` does not: a NUL, half of a surrogate pair, a number beyond a double, a bottomless nest.
 *
 * @throws {Problem} `INVALID_REQUEST`
 */
export function refuseUnstorable(value: unknown, field = "", depth = 1): void {
  const refuse = (message: string) => {
    throw new Problem(
      "INVALID_REQUEST",
      `The body cannot be stored: ${message}`,
      {
        fields: [{ field, message }],
      },
    );
  };
  if (typeof value === "string") {
    if (value.includes("\0")) refuse("it has a NUL character");
    if (!value.isWellFormed()) refuse("it has half of a surrogate pair");
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) refuse("a number is too large");
  } else if (typeof value === "object" && value !== null) {
    if (depth > MAX_DEPTH) {
      refuse(`it is nested deeper than ${MAX_DEPTH} levels`);
    }
    for (const [key, member] of Object.entries(value)) {
      refuseUnstorable(key, field, depth);
      refuseUnstorable(member, field ? `${field}.${key}` : key, depth + 1);
    }
  }
}
