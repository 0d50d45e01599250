/** The `Prefer: wait=N` header of RFC 7240. */

/** The longest wait that is honoured, in seconds. */
export const MAX_WAIT_SECONDS = 60;

/** One preference of several; a comma in quotes parts nothing. */
const PREFERENCE = /(?:"(?:\\(?:.|$)|[^"\\])*(?:"|$)|[^,"])+/g;

/** How many seconds the client would wait for the result; a preference that cannot be read is ignored, as the RFC says. */
export function waitSeconds(headers: Headers): number {
  for (const preference of headers.get("prefer")?.match(PREFERENCE) ?? []) {
    const match = /^\s*wait\s*=\s*"?(\d+)"?\s*(?:;.*)?$/i.exec(preference);
    if (match) return Math.min(Number(match[1]), MAX_WAIT_SECONDS);
  }
  return 0;
}
