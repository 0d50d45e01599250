/** Who signed: the scheme of Standard Webhooks (standardwebhooks.com), by its own library. */

import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { invalidSignature, type VerifySignature } from "../_shared/auth.ts";
import { readSecrets } from "../_shared/webhook_secrets.ts";

const HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/**
 * Verifies signatures by any of the secrets. A message is good for 5 minutes from its signed time on, and as long before.
 *
 * @param secrets `whsec_…`, with commas between. With none, every verification is an error of the server's.
 * @throws {Error} when one is not of that form.
 */
export function createVerifier(secrets: string): VerifySignature {
  const webhooks = readSecrets(secrets).map((secret) => new Webhook(secret));
  return (headers, body) => {
    if (webhooks.length === 0) {
      throw new Error(
        "GENERATION_CALLBACK_SECRET is not set; supabase/functions/.env.example says what it is",
      );
    }
    const signed = Object.fromEntries(
      HEADERS.map((name) => [name, headers.get(name) ?? ""]),
    );
    const text = textOf(body);
    if (
      text === null ||
      !webhooks.some((webhook) => isSignedBy(webhook, text, signed))
    ) {
      throw invalidSignature();
    }
  };
}

function isSignedBy(
  webhook: Webhook,
  text: string,
  headers: Record<string, string>,
): boolean {
  try {
    webhook.verify(text, headers, { jsonParse: false });
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

/** The bytes as the library wants them; null where they are no UTF-8, and so are not what anybody signed. */
function textOf(body: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      body,
    );
  } catch {
    return null;
  }
}
