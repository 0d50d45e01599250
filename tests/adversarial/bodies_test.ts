/** Bodies that are not what they should be, on every route that takes one. */

import { doesNotMatch, match, ok, strictEqual } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { assertProblem } from "./problem.ts";
import { nameOf, newVictim, type Route, routesOf, takesBody, withBody } from "./routes.ts";
import { chunked, send, sendRaw } from "./send.ts";

const victim = await newVictim();
const routes = routesOf(victim).filter(takesBody);
const LIMIT = 65_536;

const good = (route: Route) => JSON.stringify(route.body);
/** The good body with more members behind its own. */
const plus = (route: Route, members: string) => `${good(route).slice(0, -1)},${members}}`;
/** The good body with a member more in its input, or, where it has none, a member with an object. */
const deep = (route: Route, json: string) =>
  route.body?.["input"] === undefined
    ? plus(route, `"x":${json}`)
    : good(route).replace('"prompt":', `"x":${json},"prompt":`);
const firstKey = (route: Route) => Object.keys(route.body ?? {})[0] ?? "";
const firstValue = (route: Route) => JSON.stringify(Object.values(route.body ?? {})[0]);
/** The first key once more, each letter as an escape. */
const escaped = (key: string) =>
  [...key].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
const utf16 = (text: string) =>
  new Uint8Array(new Uint16Array([...`\ufeff${text}`].map((c) => c.charCodeAt(0))).buffer);
const bytes = (text: string) => new TextEncoder().encode(text);
/** The good body with these bytes in a text of its own, where they would otherwise be kept; else in a member more. */
function withBytes(route: Route, ...inner: number[]): Uint8Array<ArrayBuffer> {
  const json = good(route);
  const text = [':"a fox"', ':"test"'].find((text) => json.includes(text));
  const body = text === undefined ? plus(route, '"x":"y"') : json;
  const at = body.indexOf(text ?? ':"y"') + 3;
  return new Uint8Array([...bytes(body.slice(0, at)), ...inner, ...bytes(body.slice(at))]);
}
const withText = (route: Route, text: string) => withBytes(route, ...bytes(text));
async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Each makes a body of a route's good one; every route refuses it with 400 INVALID_REQUEST. */
const invalid: Record<string, (route: Route) => BodyInit | Promise<BodyInit>> = {
  "cut off at its end": (route) => good(route).slice(0, -1),
  "cut off in a string": (route) => good(route).slice(0, 4),
  "of an opening brace": () => "{",
  "of spaces alone": () => "   ",
  "of two objects": (route) => good(route) + good(route),
  "with text behind it": (route) => `${good(route)} x`,
  "with a comma too many": (route) => `${good(route).slice(0, -1)},}`,
  "with a comment": (route) => `/* */${good(route)}`,
  "in single quotes": (route) => good(route).replaceAll('"', "'"),
  "that is a list": (route) => `[${good(route)}]`,
  "that is an empty list": () => "[]",
  "that is null": () => "null",
  "that is true": () => "true",
  "that is a number": () => "7",
  "that is NaN": () => "NaN",
  "that is a string": (route) => JSON.stringify(good(route)),
  "that is a form": (route) => `${firstKey(route)}=x`,
  "nested in 30,000 lists": () => "[".repeat(30_000) + "]".repeat(30_000),
  "nested in 10,000 objects": () => '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000),
  "with a member of 33 levels": (route) => deep(route, "[".repeat(33) + "]".repeat(33)),
  "with a key that stands twice": (route) =>
    plus(route, `"${firstKey(route)}":${firstValue(route)}`),
  "with a key that stands twice, once with another value": (route) =>
    `{"${firstKey(route)}":"x",${good(route).slice(1)}`,
  "with a key that stands twice, once in escapes": (route) =>
    plus(route, `"${escaped(firstKey(route))}":${firstValue(route)}`),
  "with a key that stands twice in an inner object": (route) => deep(route, '{"a":1,"a":2}'),
  "with a key that stands twice deep in a list": (route) =>
    deep(route, '[[{"a":[{"b":1,"c":2,"b":3}]}]]'),
  "with __proto__ twice": (route) => plus(route, '"__proto__":1,"__proto__":1'),
  "with an unknown field": (route) => plus(route, '"x":1'),
  "with an unknown field of an empty name": (route) => plus(route, '"":1'),
  "with a user_id or user of somebody else": (route) => plus(route, '"user":"x","userId":"x"'),
  "with __proto__": (route) => plus(route, '"__proto__":{"type":"poster"}'),
  "with __proto__ in an inner object": (route) => deep(route, '{"__proto__":{"size":"1x1"}}'),
  "with __proto__ deep in a list": (route) => deep(route, '[[{"a":[{"__proto__":1}]}]]'),
  "with constructor": (route) => plus(route, '"constructor":{"prototype":{}}'),
  "with a NUL in a string": (route) => withText(route, "\\u0000"),
  "with a NUL in a key": (route) => deep(route, '{"a\\u0000b":1}'),
  "with half of a surrogate pair": (route) => withText(route, "\\ud800"),
  "with a number beyond a double": (route) => deep(route, "1e999"),
  "with a raw line break in a string": (route) => withText(route, "\n"),
  "with a byte that is not UTF-8": (route) => withBytes(route, 0xff),
  "with a NUL in two bytes": (route) => withBytes(route, 0xc0, 0x80),
  "with half of a surrogate pair in three bytes": (route) => withBytes(route, 0xed, 0xa0, 0x80),
  "with half of a character": (route) => withBytes(route, 0xe2, 0x82),
  "in UTF-16": (route) => utf16(good(route)),
  "in gzip": (route) => gzip(good(route)),
  "with two byte order marks": (route) => `\ufeff\ufeff${good(route)}`,
};
for (const [what, make] of Object.entries(invalid)) {
  Deno.test(`a body ${what} is refused`, async () => {
    await unchanged(async () => {
      for (const route of routes) {
        const body = await make(route);
        if (body === good(route)) continue; // one that is empty has no string
        const answer = await send(route.method, route.path, withBody(route, body));
        assertProblem(answer, 400, "INVALID_REQUEST", nameOf(route));
        if (typeof body !== "string" || body.length > 1000) continue;
        const again = await send(route.method, route.path, withBody(route, chunked(body, 7)));
        assertProblem(again, 400, "INVALID_REQUEST", `${nameOf(route)} in chunks`);
      }
    });
  });
}

/** Each makes what is too large of a route's good body. */
const large: Record<string, (route: Route) => BodyInit> = {
  "of one byte too many": (route) => good(route).padEnd(LIMIT + 1),
  "of a megabyte": (route) => good(route).padEnd(1_000_000),
  "of a megabyte that is no JSON": () => "x".repeat(1_000_000),
  "of one byte too many, in chunks": (route) => chunked(good(route).padEnd(LIMIT + 1)),
  "of a megabyte, in chunks": (route) => chunked(good(route).padEnd(1_000_000), 8192),
  "of too many bytes in few characters": (route) => plus(route, `"x":"${"€".repeat(22_000)}"`),
};
for (const [what, make] of Object.entries(large)) {
  Deno.test(`a body ${what} is refused`, async () => {
    await unchanged(async () => {
      for (const route of routes) {
        const answer = await send(route.method, route.path, withBody(route, make(route)));
        assertProblem(answer, 413, "BODY_TOO_LARGE", nameOf(route));
      }
    });
  });
}

Deno.test("a body of a byte too many is too large whatever its media type", async () => {
  await unchanged(async () => {
    for (const route of routes) {
      const message = withBody(route, good(route).padEnd(LIMIT + 1), {
        "content-type": "text/plain",
      });
      const answer = await send(route.method, route.path, message);
      assertProblem(answer, 413, "BODY_TOO_LARGE", nameOf(route));
    }
  });
});

const mediaTypes = [
  "text/plain",
  "text/json",
  "text/plain; application/json",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/octet-stream",
  "application/jsonx",
  "application/json-patch+json",
  "application/problem+json",
  "application/json, text/plain",
  "json",
  "",
];
for (const mediaType of mediaTypes) {
  Deno.test(`a body of the media type "${mediaType}" is refused`, async () => {
    await unchanged(async () => {
      for (const route of routes) {
        const message = withBody(route, bytes(good(route)), { "content-type": mediaType });
        const answer = await send(route.method, route.path, message);
        assertProblem(answer, 415, "UNSUPPORTED_MEDIA_TYPE", nameOf(route));
      }
    });
  });
}

Deno.test("a body without a media type is refused", async () => {
  await unchanged(async () => {
    for (const route of routes) {
      const message = { headers: route.credentials, body: bytes(good(route)) };
      const answer = await send(route.method, route.path, message);
      assertProblem(answer, 415, "UNSUPPORTED_MEDIA_TYPE", nameOf(route));
    }
  });
});

for (const coding of ["gzip", "br", "x-unknown"]) {
  Deno.test(`a body whose content-encoding says ${coding} is refused, whatever it holds`, async () => {
    await unchanged(async () => {
      for (const route of routes) {
        const bodies = [good(route), await gzip(good(route))];
        for (const body of bodies) {
          const message = withBody(route, body, { "content-encoding": coding });
          const answer = await send(route.method, route.path, message);
          assertProblem(answer, 415, "UNSUPPORTED_MEDIA_TYPE", nameOf(route));
        }
      }
    });
  });
}

/** Each makes a body of a route's good one that means the same. */
const harmless: Record<string, (route: Route) => [BodyInit, Record<string, string>?]> = {
  "of 65,536 bytes": (route) => [good(route).padEnd(LIMIT)],
  "of 65,536 bytes in chunks": (route) => [chunked(good(route).padEnd(LIMIT))],
  "in chunks of one byte": (route) => [chunked(good(route), 1)],
  "with a byte order mark": (route) => [`\ufeff${good(route)}`],
  "with a charset": (route) => [good(route), { "content-type": "application/json; charset=utf-8" }],
  "of a media type in capitals": (route) => [good(route), { "content-type": "Application/JSON" }],
  "whose content-encoding is identity": (route) => [
    good(route),
    { "content-encoding": "identity" },
  ],
};
for (const [what, make] of Object.entries(harmless)) {
  Deno.test(`a body ${what} is accepted`, async () => {
    for (const { endpoint } of routes) {
      const route = routesOf(await newVictim()).find((one) => one.endpoint === endpoint)!;
      const answer = await send(route.method, route.path, withBody(route, ...make(route)));
      ok(answer.status < 300, `${nameOf(route)}: ${answer.text}`);
    }
  });
}

Deno.test("an empty body is an empty object, whatever its media type", async () => {
  for (const mediaType of ["text/plain", "multipart/form-data", "application/json", ""]) {
    const victim = await newVictim();
    const headers = { authorization: `Bearer ${victim.token}`, "content-type": mediaType };
    for (const body of [null, "", chunked("")]) {
      const { status, text } = await send("POST", "/refund-credit", { headers, body });
      // The first gives the newest reservation back; then there is none.
      if (body === null) strictEqual(status, 200, text);
      else {assertProblem(
          await send("POST", "/refund-credit", { headers, body: "" }),
          409,
          "NOTHING_TO_REFUND",
          "",
        );}
    }
  }
});

Deno.test("an input with constructor asks nothing of the provider that it does not say", async () => {
  const { token } = await newVictim();
  const answer = await send("POST", "/submit-generation", {
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      prefer: "wait=20",
    },
    body: '{"type":"draft","input":{"prompt":"x","constructor":1}}',
  });
  strictEqual(answer.status, 200, answer.text);
  const { input } = JSON.parse(answer.text);
  strictEqual(input.size, undefined);
  strictEqual(input.constructor, 1);
});

const head = (route: Route) => [
  "content-type: application/json",
  ...Object.entries(route.credentials).map(([name, value]) => `${name}: ${value}`),
];

Deno.test("a body that ends before its content-length changes nothing", async () => {
  await unchanged(async () => {
    for (const route of routes) {
      const headers = [...head(route), `content-length: ${good(route).length + 10}`];
      const answer = await sendRaw(route.method, route.path, headers, {
        body: good(route),
        leaves: true,
      });
      doesNotMatch(answer, /^HTTP\/1.1 2/, nameOf(route));
    }
  });
});

Deno.test("a body whose chunks break off changes nothing", async () => {
  await unchanged(async () => {
    for (const route of routes) {
      const headers = [...head(route), "transfer-encoding: chunked"];
      const chunk = `${good(route).length.toString(16)}\r\n${good(route)}\r\n`;
      const answer = await sendRaw(route.method, route.path, headers, {
        body: chunk,
        leaves: true,
      });
      doesNotMatch(answer, /^HTTP\/1.1 2/, nameOf(route));
    }
  });
});

Deno.test("a body written by hand, to its end, is accepted", async () => {
  for (const { endpoint } of routes) {
    const route = routesOf(await newVictim()).find((one) => one.endpoint === endpoint)!;
    const headers = [...head(route), `content-length: ${good(route).length}`];
    const answer = await sendRaw(route.method, route.path, headers, { body: good(route) });
    match(answer, /^HTTP\/1.1 2/, nameOf(route));
  }
});
