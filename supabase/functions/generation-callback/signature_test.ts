import { throws } from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import { createVerifier } from "./signature.ts";

const secret = (byte: number, bytes = 32) =>
  `whsec_${btoa(String.fromCharCode(byte).repeat(bytes))}`;
const OLD = secret(1);
const NEW = secret(2);
const encode = (text: string) => new TextEncoder().encode(text);
const invalid = { code: "INVALID_SIGNATURE", status: 401 };

/** The headers of a message that was signed so many seconds ago. */
function signed(body: string, { by = OLD, secondsAgo = 0, id = "msg_1" } = {}): Headers {
  const time = new Date(Date.now() - secondsAgo * 1000);
  return new Headers({
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(time.getTime() / 1000)),
    "webhook-signature": new Webhook(by).sign(id, time, body),
  });
}

Deno.test("a signature by any of the secrets is good, so that one can replace another", () => {
  const verify = createVerifier(`${NEW}, ${OLD}`);
  for (const by of [OLD, NEW]) verify(signed("{}", { by }), encode("{}"));
  throws(() => verify(signed("{}", { by: secret(3) }), encode("{}")), invalid);
});

Deno.test("one good signature among others is enough", () => {
  const headers = signed("{}");
  headers.set("webhook-signature", `v1,AAAA v2,x ${headers.get("webhook-signature")}`);
  createVerifier(OLD)(headers, encode("{}"));
});

Deno.test("a signature is good for five minutes, before and after", () => {
  const verify = createVerifier(OLD);
  for (const secondsAgo of [290, -290]) verify(signed("{}", { secondsAgo }), encode("{}"));
  for (const secondsAgo of [310, -310]) {
    throws(() => verify(signed("{}", { secondsAgo }), encode("{}")), invalid);
  }
});

Deno.test("a signature is over the id, the time and every byte of the body", () => {
  const verify = createVerifier(OLD);
  for (const body of ["{} ", "", "\ufeff{}", "{}\n"]) {
    throws(() => verify(signed("{}"), encode(body)), invalid);
  }
  for (const name of ["webhook-id", "webhook-timestamp"]) {
    const headers = signed("{}");
    headers.set(name, `${Number(headers.get("webhook-timestamp")) - 1}`);
    throws(() => verify(headers, encode("{}")), invalid);
  }
  // The decoder's replacement for what is no UTF-8 was signed, and something else was sent.
  throws(() => verify(signed("\ufffd"), new Uint8Array([0xff])), invalid);
});

for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
  Deno.test(`a message without ${name} is refused`, () => {
    const headers = signed("{}");
    headers.delete(name);
    throws(() => createVerifier(OLD)(headers, encode("{}")), invalid);
  });
}

for (const signature of ["", "v1", "v1,", "v1a,AAAA", "v1,AAAA", "\u00e9"]) {
  Deno.test(`the signature "${signature}" is refused`, () => {
    const headers = signed("{}");
    headers.set("webhook-signature", signature);
    throws(() => createVerifier(OLD)(headers, encode("{}")), invalid);
  });
}

for (const secrets of ["secret", secret(1, 23), "whsec_", `${OLD},short`, "whsec_not base64"]) {
  Deno.test(`a worker does not start with the secrets "${secrets.slice(0, 20)}…"`, () => {
    throws(() => createVerifier(secrets), /GENERATION_CALLBACK_SECRET must be whsec_/);
  });
}

Deno.test("without a secret the server is at fault, not the sender", () => {
  throws(
    () => createVerifier("")(signed("{}"), encode("{}")),
    /GENERATION_CALLBACK_SECRET is not set/,
  );
});
