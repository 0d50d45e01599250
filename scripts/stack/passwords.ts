import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";

const keyBytes = 32;

/** A salted scrypt hash: `scrypt$<salt>$<key>`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `scrypt$${salt.toString("hex")}$${(await derive(password, salt)).toString("hex")}`;
}

/** Whether `hash` was made of `password`; false for a hash of another kind. */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const [kind, salt, key] = (hash ?? "").split("$");
  if (kind !== "scrypt" || !salt || !key) return false;
  return timingSafeEqual(await derive(password, Buffer.from(salt, "hex")), Buffer.from(key, "hex"));
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyBytes, (error, key) => error ? reject(error) : resolve(key));
  });
}
