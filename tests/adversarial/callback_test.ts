/** `POST /generation-callback`: whoever cannot sign changes nothing, and who can, nothing but the generation that is theirs. */

import { doesNotMatch, match, ok, strictEqual } from "node:assert/strict";
import { completed, failed, handedOver, signed, type Signing } from "../support/callbacks.ts";
import { unchanged } from "../support/database.ts";
import { newUser } from "../support/http.ts";
import { connect, stack } from "../support/stack.ts";
import { assertProblem } from "./problem.ts";
import { chunked, send, sendRaw } from "./send.ts";

const PATH = "/generation-callback";
const WHERE = `POST ${PATH}`;
const LIMIT = 16 * 1024 * 1024;

// Connected, and handed over, before the first test, so that no test is said to leave it open.
const sql = connect();
const [victim, other] = [await handedOver(sql), await handedOver(sql)];
const user = await newUser();
const { body: reserved } = await user.post("/check-and-deduct-credit", { type: "poster" });

const good = JSON.stringify(completed(victim));

/** Sends this body, signed as it is unless other headers are given. */
function post(body: string, headers: Record<string, string> = signed(body)) {
  return send("POST", PATH, { headers, body });
}

/** Checks that these requests are refused so, and write nothing. */
async function refused(
  status: number,
  code: string,
  ...requests: [body: string, headers?: Record<string, string>][]
): Promise<void> {
  await unchanged(async () => {
    for (const [body, headers] of requests) {
      assertProblem(await post(body, headers), status, code, WHERE);
    }
  });
}

const invalid = (...requests: [body: string, headers?: Record<string, string>][]) =>
  refused(401, "INVALID_SIGNATURE", ...requests);
const without = (name: string, headers = signed(good)) =>
  Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));

for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
  Deno.test(`a message without ${name}, or with an empty one, is refused`, async () => {
    await invalid([good, without(name)], [good, { ...signed(good), [name]: "" }]);
  });
}

Deno.test("a message without any header is refused, and so is one of another's credentials", async () => {
  const type = { "content-type": "application/json" };
  await invalid(
    [good, {}],
    [good, type],
    [good, { ...type, apikey: stack.secretKey }],
    [good, { ...type, apikey: stack.publishableKey }],
    [good, { ...type, authorization: `Bearer ${victim.user.token}` }],
    [good, { ...type, authorization: `Bearer ${stack.secretKey}` }],
  );
});

Deno.test("a message signed with another secret is refused", async () => {
  const secret = `whsec_${btoa("x".repeat(32))}`;
  await invalid([good, signed(good, { secret })]);
});

for (
  const signature of [
    "v1,",
    "v1",
    "v1,AAAA",
    "v1a,AAAA",
    "v2,AAAA",
    "v1,AAAA v1,BBBB",
    "v1,__proto__",
    "x".repeat(10_000),
  ]
) {
  Deno.test(`the signature ${signature.slice(0, 20)} is refused`, async () => {
    await invalid([good, { ...signed(good), "webhook-signature": signature }]);
  });
}

Deno.test("a signature of version 1 that says another version is refused", async () => {
  const headers = signed(good);
  const signature = headers["webhook-signature"]?.replace("v1,", "v1a,") ?? "";
  await invalid([good, { ...headers, "webhook-signature": signature }]);
});

const stale: Record<string, number> = {
  "stale": 310,
  "a day old": 86_400,
  "of the future": -310,
  "of the far future": -86_400 * 365,
};
for (const [what, secondsAgo] of Object.entries(stale)) {
  Deno.test(`a message that is ${what} is refused, though its signature is good`, async () => {
    await invalid([good, signed(good, { secondsAgo })]);
  });
}

for (const timestamp of ["", "0", "now", "NaN", "-1", "1e20", new Date().toISOString()]) {
  Deno.test(`the timestamp "${timestamp}" is refused`, async () => {
    await invalid([good, { ...signed(good), "webhook-timestamp": timestamp }]);
  });
}

Deno.test("a stale message cannot be made fresh, nor be sent under another id", async () => {
  const headers = signed(good, { secondsAgo: 310 });
  const now = String(Math.floor(Date.now() / 1000));
  await invalid(
    [good, { ...headers, "webhook-timestamp": now }],
    [good, { ...signed(good), "webhook-id": "msg_other" }],
  );
});

Deno.test("a signature is of one body: not of another, of a part of it, or of the same in other words", async () => {
  const headers = signed(good);
  const changed = [
    JSON.stringify(completed(other)),
    JSON.stringify(failed(victim)),
    JSON.stringify(completed(victim, { cost: 0 })),
    good.slice(0, -1),
    `${good} `,
    `\ufeff${good}`,
    JSON.stringify(JSON.parse(good), null, 1),
    "",
  ];
  await invalid(...changed.map((body) => [body, headers] as [string, Record<string, string>]));
});

/** Signed as it should be, by a provider that says nonsense. */
const nonsense: Record<string, string> = {
  "no JSON": "x",
  "cut off": good.slice(0, -1),
  "empty": "",
  "a list": `[${good}]`,
  "null": "null",
  "of no type": JSON.stringify({ data: completed(victim)["data"] }),
  "of another type": good.replace("generation.completed", "generation.refunded"),
  "of two types": `{"type":"generation.failed",${good.slice(1)}`,
  "of no data": '{"type":"generation.completed"}',
  "with an unknown field": `{"x":1,${good.slice(1)}`,
  "with an unknown field in its data": JSON.stringify(completed(victim, { user_id: user.id })),
  "without a result": JSON.stringify(completed(victim, { result: undefined })),
  "with a text for a result": JSON.stringify(completed(victim, { result: "x" })),
  "with a result that cannot be stored": JSON.stringify(completed(victim, { result: { a: "\0" } })),
  "with a bottomless result": good.replace(
    '"images"',
    `"x":${"[".repeat(40)}${"]".repeat(40)},"images"`,
  ),
  "without an attempt": JSON.stringify(completed(victim, { attempt: undefined })),
  "with no attempt": JSON.stringify(completed(victim, { attempt: null })),
  "with an attempt that is no UUID": JSON.stringify(completed(victim, { attempt: "' or true --" })),
  "with a generation that is no UUID": JSON.stringify(completed(victim, { generation_id: "x" })),
  "with a cost below 0": JSON.stringify(completed(victim, { cost: -5 })),
  "with half a credit": JSON.stringify(completed(victim, { cost: 0.5 })),
  "with more than was charged": JSON.stringify(completed(victim, { cost: 6 })),
  "a failure with a cost": JSON.stringify(failed(victim, { cost: 0 })),
  "a failure with a result": JSON.stringify(failed(victim, { result: {} })),
  "a failure with a reason of its own": JSON.stringify(failed(victim, { error: { code: "oops" } })),
  "a failure in other words": JSON.stringify(failed(victim, { error: "GPU 7 is gone" })),
};
for (const [what, body] of Object.entries(nonsense)) {
  Deno.test(`a signed message that is ${what} is refused`, async () => {
    await refused(400, "INVALID_REQUEST", [body]);
  });
}

for (const mediaType of ["text/plain", "application/x-www-form-urlencoded", ""]) {
  Deno.test(`a signed message of the media type "${mediaType}" is refused`, async () => {
    const headers = { ...signed(good), "content-type": mediaType };
    await refused(415, "UNSUPPORTED_MEDIA_TYPE", [good, headers]);
  });
}

const noIds = ["a b", "a/b", "a,b", '"a"', "k".repeat(256), "a'; drop table profiles; --"];
for (const id of noIds) {
  Deno.test(`the id ${id.slice(0, 30)} is refused, though it is signed`, async () => {
    await unchanged(async () => {
      const answer = await post(good, signed(good, { id }));
      const { detail } = assertProblem(answer, 400, "IDEMPOTENCY_KEY_INVALID", WHERE);
      match(String(detail), /webhook-id/);
    });
  });
}

Deno.test("a body of a byte too many is refused, in chunks or not; one that nobody signed is not even read", async () => {
  const large = good.padEnd(LIMIT + 1);
  await unchanged(async () => {
    for (const body of [() => large, () => chunked(large, 65_536)]) {
      const answer = await send("POST", PATH, { headers: signed(large), body: body() });
      assertProblem(answer, 413, "BODY_TOO_LARGE", WHERE);
      const unsigned = await send("POST", PATH, { headers: {}, body: body() });
      assertProblem(unsigned, 401, "INVALID_SIGNATURE", WHERE);
    }
  });
});

Deno.test("a body that ends before its content-length changes nothing", async () => {
  await unchanged(async () => {
    const headers = Object.entries(signed(good)).map(([name, value]) => `${name}: ${value}`);
    const answer = await sendRaw("POST", PATH, [...headers, `content-length: ${good.length + 9}`], {
      body: good,
      leaves: true,
    });
    doesNotMatch(answer, /^HTTP\/1.1 2/);
  });
});

Deno.test("an attempt is of one generation: it settles no other", async () => {
  const stolen = { ...victim, attempt: other.attempt };
  await refused(
    409,
    "GENERATION_IN_PROGRESS",
    [JSON.stringify(completed(stolen))],
    [JSON.stringify(failed(stolen))],
  );
});

Deno.test("a reservation that no provider has, and what does not exist, are settled by none", async () => {
  const reservation = { ...victim, generationId: reserved.generation_id };
  await refused(
    400,
    "INVALID_REQUEST",
    [JSON.stringify(completed(reservation))],
    [JSON.stringify(failed(reservation))],
  );
  const nothing = { ...victim, generationId: crypto.randomUUID() };
  await refused(
    404,
    "GENERATION_NOT_FOUND",
    [JSON.stringify(completed(nothing))],
    [JSON.stringify(failed(nothing))],
  );
});

for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE"]) {
  Deno.test(`${method} is refused, and POST named`, async () => {
    await unchanged(async () => {
      const answer = await send(method, PATH, { headers: signed("") });
      strictEqual(answer.status, 405);
      strictEqual(answer.headers.get("allow"), "POST, OPTIONS");
    });
  });
}

Deno.test("a parameter in the query is refused, and a path below is no route", async () => {
  await unchanged(async () => {
    const query = await send("POST", `${PATH}?x=1`, { headers: signed(good), body: good });
    assertProblem(query, 400, "INVALID_REQUEST", WHERE);
    const path = await send("POST", `${PATH}/x`, { headers: signed(good), body: good });
    assertProblem(path, 404, "NOT_FOUND", `POST ${PATH}/x`);
  });
});

// Last: these settle. They show that what was spoiled above was good.

Deno.test("the good message is accepted, and tells nothing of the account", async () => {
  const signing: Signing = { id: "msg_good" };
  const first = await post(good, signed(good, signing));
  strictEqual(first.status, 200, first.text);
  doesNotMatch(first.text, /credits|version|epoch|user/);
  await unchanged(async () => {
    // Again, and with what it had been forged to say: the first answer stands.
    for (const body of [good, JSON.stringify(completed(victim, { result: { evil: true } }))]) {
      const again = await post(body, signed(body, signing));
      strictEqual(again.status, 200);
      strictEqual(again.headers.get("idempotent-replayed"), "true");
      strictEqual(again.text, first.text);
    }
    const answer = await post(JSON.stringify(failed(victim)));
    const problem = assertProblem(answer, 409, "GENERATION_ALREADY_SETTLED", WHERE);
    strictEqual(problem["state"], "completed");
    ok(!("credits" in problem));
  });
});

Deno.test("a message of 16 MiB is accepted", async () => {
  const empty = JSON.stringify(completed(other, { result: { b64_json: "" } }));
  const body = empty.replace('""', `"${"A".repeat(LIMIT - empty.length)}"`);
  strictEqual(body.length, LIMIT);
  const answer = await post(body);
  strictEqual(answer.status, 200, answer.text);
  const { body: generation } = await other.user.get(`/account/generations/${other.generationId}`);
  strictEqual(generation.result.b64_json.length, LIMIT - empty.length);
  await sql.end();
});
