/** What the stand-in of Supabase Auth reads and says. */
import type { UserRow } from "./auth_store.ts";
import { hashPassword } from "./passwords.ts";

/** A JSON object. */
export type Json = Record<string, unknown>;

/** An answer that is no success. */
export class Refusal extends Error {
  /** @param code the real server's `error_code`. */
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

const minimumPasswordLength = 6;

/** The body as a JSON object; an empty one is `{}`. */
export async function readJson(request: Request): Promise<Json> {
  const text = await request.text();
  try {
    const body: unknown = JSON.parse(text || "{}");
    if (isObject(body)) return body;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Refusal(400, "bad_json", "Could not parse request body as JSON");
}

/** Whether `value` is a user's or a session's id. */
export function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
}

/** Whether `value` is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A new user's email and hashed password; refuses what is none. */
export async function credentials(
  email: unknown,
  password: unknown,
): Promise<{ email: string; passwordHash: string }> {
  if (typeof password !== "string" || password.length < minimumPasswordLength) {
    const message = `Password should be at least ${minimumPasswordLength} characters.`;
    throw new Refusal(422, "weak_password", message);
  }
  return { email: checkedEmail(email), passwordHash: await hashPassword(password) };
}

/** An email in lower case; refuses what is none. */
export function checkedEmail(email: unknown): string {
  if (typeof email === "string" && /^[^\s@]+@[^\s@]+$/.test(email)) return email.toLowerCase();
  throw new Refusal(400, "validation_failed", "Unable to validate email address: invalid format");
}

/** A user as clients see it: never with the password. */
export function present(user: UserRow): Json {
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? "",
    phone: "",
    email_confirmed_at: user.email_confirmed_at,
    confirmed_at: user.email_confirmed_at,
    last_sign_in_at: user.last_sign_in_at,
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    identities: [],
    is_anonymous: user.is_anonymous,
    created_at: user.created_at,
    updated_at: user.updated_at,
  };
}

/** The answer that says a refusal. */
export function refuse({ status, code, message }: Refusal): Response {
  return Response.json({ code: status, error_code: code, msg: message }, { status });
}
