/** A token that is not exactly what Supabase Auth signed for this project opens nothing. */

import { exportSPKI, importJWK, SignJWT } from "jose";
import { unchanged } from "../support/database.ts";
import {
  claimsOf,
  encodePart,
  issuer,
  newKey,
  publicHalf,
  secrets,
  sign,
  type SigningKey,
} from "../support/tokens.ts";
import { assertProblem } from "./problem.ts";
import { goodMessage, nameOf, needsCredentials, newVictim, routesOf } from "./routes.ts";
import { send } from "./send.ts";

const victim = await newVictim();
const routes = routesOf(victim).filter(needsCredentials);
const now = Math.floor(Date.now() / 1000);
const claims = claimsOf(victim.id);
const { kid } = secrets.signingKey;
const good = await sign(claims);
const [goodHeader = "", goodPayload = "", goodSignature = ""] = good.split(".");
const publicKey = publicHalf(secrets.signingKey);

async function hs256(secret: string): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT", kid })
    .sign(new TextEncoder().encode(secret));
}

async function publicPem(key: SigningKey): Promise<string> {
  return await exportSPKI(await importJWK(publicHalf(key), "ES256") as CryptoKey);
}

const attackersKey = await newKey();
const sameKid = await newKey(kid);

const forged: Record<string, string> = {
  "signed by another key under the project's kid": await sign(claims, { key: sameKid }),
  "signed by a key under an unknown kid": await sign(claims, { key: attackersKey }),
  "signed by the project's key under an unknown kid": await sign(claims, {
    header: { kid: crypto.randomUUID() },
  }),
  "without a kid": await sign(claims, { header: { kid: undefined } }),
  "that brings its key along as jwk": await sign(claims, {
    key: attackersKey,
    header: { jwk: publicHalf(attackersKey) },
  }),
  "that brings its key along under the project's kid": await sign(claims, {
    key: sameKid,
    header: { jwk: publicHalf(sameKid), jku: "http://127.0.0.1:1/jwks.json" },
  }),
  "with alg none and no signature": `${
    encodePart({ alg: "none", typ: "JWT", kid })
  }.${goodPayload}.`,
  "with alg nOnE and no signature": `${
    encodePart({ alg: "nOnE", typ: "JWT", kid })
  }.${goodPayload}.`,
  "with alg none and a good signature": `${
    encodePart({ alg: "none", typ: "JWT", kid })
  }.${goodPayload}.${goodSignature}`,
  "without alg": `${encodePart({ typ: "JWT", kid })}.${goodPayload}.${goodSignature}`,
  "signed by HS256 with the public key in PEM as the secret": await hs256(
    await publicPem(secrets.signingKey),
  ),
  "signed by HS256 with the public JWK as the secret": await hs256(JSON.stringify(publicKey)),
  "signed by HS256 with the public point as the secret": await hs256(publicKey.x ?? ""),
  "with a signature of zeros": `${goodHeader}.${goodPayload}.${"A".repeat(86)}`,
  "with an empty signature": `${goodHeader}.${goodPayload}.`,
  "with another payload under a good signature": `${goodHeader}.${
    encodePart({ ...claims, role: "service_role" })
  }.${goodSignature}`,
  "with a critical header that nobody knows": `${
    encodePart({ alg: "ES256", kid, crit: ["x"], x: 1 })
  }.${goodPayload}.${goodSignature}`,
  "that has expired": await sign({ ...claims, iat: now - 7200, exp: now - 3600 }),
  "that expired a second ago": await sign({ ...claims, exp: now - 1 }),
  "whose exp is no number": await sign({ ...claims, exp: `${now + 3600}` }),
  "that is not yet valid": await sign({ ...claims, nbf: now + 3600 }),
  "whose nbf is no number": await sign({ ...claims, nbf: "now" }),
  "of another issuer": await sign({ ...claims, iss: "https://evil.example/auth/v1" }),
  "of an issuer whose name begins like ours": await sign({ ...claims, iss: `${issuer}/x` }),
  "of an issuer with a slash more": await sign({ ...claims, iss: `${issuer}/` }),
  "of no issuer": await sign({ ...claims, iss: undefined }),
  "of a list of issuers": await sign({ ...claims, iss: [issuer] }),
  "for another audience": await sign({ ...claims, aud: "anon" }),
  "for a list of other audiences": await sign({ ...claims, aud: ["anon", "Authenticated"] }),
  "for no audience": await sign({ ...claims, aud: undefined }),
  "without a subject": await sign({ ...claims, sub: undefined }),
  "whose subject is a number": await sign({ ...claims, sub: 7 }),
  "whose subject is a list": await sign({ ...claims, sub: [victim.id] }),
  "cut off in its signature": good.slice(0, -10),
  "cut off in its payload": good.slice(0, goodHeader.length + 20),
  "of its header alone": goodHeader,
  "with a fourth part": `${good}.${goodSignature}`,
  "in quotes": `"${good}"`,
  "with a space before it": ` ${good}`,
  "twice": `${good}, ${good}`,
  "that is garbage": "garbage",
  "that is garbage in three parts": "a.b.c",
  "that is JSON": '{"sub":"x"}',
  "of 16,000 characters": "a".repeat(16_000),
};

const CODES = ["INVALID_JWT", "INVALID_CREDENTIALS", "UNUSABLE_CREDENTIAL"];

for (const [what, token] of Object.entries(forged)) {
  Deno.test(`a token ${what} opens no route`, async () => {
    await unchanged(async () => {
      for (const route of routes) {
        const message = goodMessage(route, { authorization: `Bearer ${token}` });
        const code = route.for.includes("user") ? "INVALID_JWT" : CODES;
        assertProblem(await send(route.method, route.path, message), 401, code, nameOf(route));
      }
    });
  });
}

Deno.test("a token that never expires opens no route", async () => {
  const token = await sign({ ...claims, exp: undefined });
  await unchanged(async () => {
    for (const route of routes) {
      const message = goodMessage(route, { authorization: `Bearer ${token}` });
      const answer = await send(route.method, route.path, message);
      // It is well signed, and so a user's: on a route of the operators, that alone speaks against it.
      const [status, code] = route.for.includes("user")
        ? [401, "INVALID_JWT"] as const
        : [403, "FORBIDDEN"] as const;
      assertProblem(answer, status, code, nameOf(route));
    }
  });
});

const nameless = {
  "the empty string": "",
  "no UUID": "somebody",
  "a UUID in braces": `{${victim.id}}`,
};
for (const [what, sub] of Object.entries(nameless)) {
  Deno.test(`a token whose subject is ${what} names no account`, async () => {
    await unchanged(async () => {
      const token = await sign({ ...claims, sub });
      for (const route of routes) {
        const message = goodMessage(route, { authorization: `Bearer ${token}` });
        assertProblem(
          await send(route.method, route.path, message),
          403,
          "FORBIDDEN",
          nameOf(route),
        );
      }
    });
  });
}

const authorizations: Record<string, string> = {
  "Basic with a token": `Basic ${good}`,
  "Basic with a name and password": `Basic ${btoa("victim:password")}`,
  "two schemes, the good one last": `Basic ${btoa("a:b")}, Bearer ${good}`,
  "Bearer with nothing": "Bearer",
  "Bearer with a space": "Bearer ",
  "Bearer with null": "Bearer null",
  "Bearer in small letters": `bearer ${good}`,
  "a token without a scheme": good,
  "Token": `Token ${good}`,
  "the empty string": "",
};
for (const [what, authorization] of Object.entries(authorizations)) {
  Deno.test(`an Authorization of ${what} opens no route`, async () => {
    await unchanged(async () => {
      for (const route of routes) {
        const answer = await send(route.method, route.path, goodMessage(route, { authorization }));
        assertProblem(answer, 401, [...CODES, "MISSING_CREDENTIALS"], nameOf(route));
      }
    });
  });
}

const elsewhere: Record<string, Record<string, string>> = {
  "the apikey header": { apikey: good },
  "a cookie": { cookie: `sb-access-token=${good}; access_token=${good}` },
  "x-forwarded-authorization": { "x-forwarded-authorization": `Bearer ${good}` },
  "proxy-authorization": { "proxy-authorization": `Bearer ${good}` },
  "x-user-id, as a bare id": { "x-user-id": victim.id, "x-supabase-user": victim.id },
};
for (const [where, headers] of Object.entries(elsewhere)) {
  Deno.test(`a good token in ${where} opens no route`, async () => {
    await unchanged(async () => {
      for (const route of routes) {
        const answer = await send(route.method, route.path, goodMessage(route, headers));
        const codes = [...CODES, "MISSING_CREDENTIALS", "INVALID_API_KEY"];
        assertProblem(answer, 401, codes, nameOf(route));
      }
    });
  });
}

Deno.test("a good token in the query opens no route", async () => {
  await unchanged(async () => {
    for (const route of routes) {
      const path = `${route.path}?access_token=${good}&apikey=${secrets.secretKey}`;
      const answer = await send(route.method, path, goodMessage(route, {}));
      assertProblem(answer, 401, "MISSING_CREDENTIALS", nameOf(route));
    }
  });
});
