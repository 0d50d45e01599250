/** What requests may hold. Every object is strict: a field that nobody knows is a mistake, and is refused. */

import { z } from "zod";

export const generationId = z.uuid();
export const generationType = z.string().regex(
  /^[a-z0-9][a-z0-9_-]{0,62}$/,
  "Must be the name of a type",
);
export const reason = z.string().trim().min(1).max(200);

/** Credits: a whole number. */
export const amount = z.int().min(-1_000_000_000).max(1_000_000_000);

/** What to generate. The provider reads `prompt`; what else an app puts there is kept beside it. */
export const input = z.looseObject({ prompt: z.string().min(1).max(32_000) });

/** A page of a list, newest first: rows before that version, so many at most. */
export const page = z.strictObject({
  before: z.coerce.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER)
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
