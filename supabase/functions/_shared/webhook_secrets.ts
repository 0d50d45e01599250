/** The secrets by which providers sign, as Standard Webhooks (standardwebhooks.com) has them. */

/** The least that a secret may hold, in bytes. */
const MIN_SECRET_BYTES = 24;

/**
 * The secrets of `GENERATION_CALLBACK_SECRET`: `whsec_…`, with commas between, so that one can replace another.
 *
 * @throws {Error} when one is not of that form.
 */
export function readSecrets(text: string): string[] {
  const secrets = text.split(",").map((secret) => secret.trim()).filter(Boolean);
  for (const secret of secrets) {
    const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1] ?? "";
    if (Math.floor(base64.replace(/=+$/, "").length * 3 / 4) < MIN_SECRET_BYTES) {
      throw new Error(
        `GENERATION_CALLBACK_SECRET must be whsec_ and at least ${MIN_SECRET_BYTES} bytes in base64; supabase/functions/.env.example says more`,
      );
    }
  }
  return secrets;
}
