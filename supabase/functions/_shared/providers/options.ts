/** What a type's `provider_options` say. */

import type { z } from "zod";
import { ProviderError } from "./provider.ts";

/**
 * The options, checked.
 *
 * @throws {ProviderError} `provider_not_configured`: an operator has to put the type right.
 */
export function readOptions<T>(
  schema: z.ZodType<T>,
  options: Record<string, unknown>,
): T {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new ProviderError("provider_not_configured", {
    cause: `The type's provider_options are wrong: ${issues.join("; ")}`,
  });
}
