import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { decodeJwt, SignJWT } from "jose";
import type { Caller } from "../_shared/auth.ts";
import { Problem } from "../_shared/problem.ts";
import { createTickets, TICKET_SECONDS } from "./ticket.ts";

const caller: Caller & { kind: "user" } = {
  kind: "user",
  userId: "6b0c2f4e-0000-4000-8000-000000000001",
  role: "staff",
  // a token says its times in whole seconds (RFC 7519)
  expiresAt: new Date(Math.ceil(Date.now() / 1000 + 3600) * 1000),
};
const tickets = createTickets("sb_secret_one");

const isRefusal = (error: unknown) =>
  error instanceof Problem && error.code === "INVALID_TICKET" &&
  error.status === 401;

Deno.test("a ticket is good for a minute, as often as needed, and says whose it is and until when", async () => {
  const before = Date.now();
  const { ticket, expires_at } = await tickets.issue(caller);
  const left = (Date.parse(expires_at) - before) / 1000;
  ok(left > TICKET_SECONDS - 2 && left <= TICKET_SECONDS + 1, `${left} s`);
  strictEqual(decodeJwt(ticket).exp, Date.parse(expires_at) / 1000);
  deepStrictEqual(await tickets.verify(ticket), caller);
  deepStrictEqual(await createTickets("sb_secret_one").verify(ticket), caller);
});

Deno.test("a ticket tells of a user without a role", async () => {
  const { ticket } = await tickets.issue({ ...caller, role: null });
  deepStrictEqual(await tickets.verify(ticket), { ...caller, role: null });
});

Deno.test("a ticket of another project's key is refused, and one of the key itself", async () => {
  const { ticket } = await createTickets("sb_secret_two").issue(caller);
  await rejects(tickets.verify(ticket), isRefusal);
  const key = new TextEncoder().encode("sb_secret_one");
  const forged = new SignJWT(decodeJwt(ticket)).setProtectedHeader({
    alg: "HS256",
  }).sign(key);
  await rejects(tickets.verify(await forged), isRefusal);
});

Deno.test("what was altered, or is no ticket, is refused", async () => {
  const { ticket } = await tickets.issue(caller);
  const [head = "", body = "", signature = ""] = ticket.split(".");
  const claims = {
    ...decodeJwt(ticket),
    sub: "6b0c2f4e-0000-4000-8000-000000000002",
  };
  const part = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, "");
  const wrong = [
    ...["", "x", "a.b.c", `${ticket}x`, `${head}.${body}.`, `${head}.${body}`],
    `${head}.${part(claims)}.${signature}`,
    `${part({ alg: "none" })}.${body}.`,
  ];
  for (const text of wrong) {
    await rejects(tickets.verify(text), isRefusal, text);
  }
});

/** A token that the key of the tickets has signed, of other claims. */
async function signed(claims: Record<string, unknown>): Promise<string> {
  const real = createTickets("sb_secret_one");
  // What makes the key is the module's own: a ticket's claims are replaced where they are signed.
  const { sign } = SignJWT.prototype;
  const payload = {
    ...decodeJwt((await real.issue(caller)).ticket),
    ...claims,
  };
  SignJWT.prototype.sign = function (key, options) {
    return sign.call(
      new SignJWT(payload).setProtectedHeader({ alg: "HS256" }),
      key,
      options,
    );
  };
  try {
    return (await real.issue(caller)).ticket;
  } finally {
    SignJWT.prototype.sign = sign;
  }
}

Deno.test("a ticket that is too old, for something else, or lacks a claim is refused", async () => {
  deepStrictEqual(await tickets.verify(await signed({})), caller);
  const now = Math.floor(Date.now() / 1000);
  const wrong = [
    { exp: now - 1 },
    { aud: "authenticated" },
    { iss: "https://example.com" },
    { exp: undefined },
    { sub: undefined },
    { until: undefined },
  ];
  for (const claims of wrong) {
    await rejects(
      tickets.verify(await signed(claims)),
      isRefusal,
      JSON.stringify(claims),
    );
  }
});
