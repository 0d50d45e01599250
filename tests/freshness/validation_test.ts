/** What a client has is given again only where it says that it has nothing or something else. */

import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { call, newUser, operate } from "../support/http.ts";

const PATHS = [
  "/account",
  "/account/types",
  "/account/history",
  "/account/generations",
  "/account/preferences/orders",
];

Deno.test("every answer of account is private and has a tag, which gets 304 without a body", async () => {
  const user = await newUser();
  for (const path of PATHS) {
    const full = await user.get(path);
    const etag = full.headers.get("etag")!;
    match(etag, /^"[\w.-]+"$/, path);
    strictEqual(full.headers.get("cache-control"), "private, no-cache", path);
    for (const held of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const reply = await user.get(path, { "if-none-match": held });
      strictEqual(reply.status, 304, `${path} ${held}`);
      strictEqual(reply.body, null);
      strictEqual(reply.headers.get("etag"), etag);
      strictEqual(reply.headers.get("cache-control"), "private, no-cache");
      strictEqual(reply.headers.get("content-type"), null);
    }
  }
});

Deno.test("the tag says the account's epoch and version", async () => {
  const user = await newUser();
  const { body, headers } = await user.get("/account");
  strictEqual(headers.get("etag")!.startsWith(`"${body.epoch}.${body.version}.`), true);
});

Deno.test("a write ends the validity of every view's tag", async () => {
  const user = await newUser();
  const paths = PATHS.filter((path) => path !== "/account/types");
  const tags = new Map<string, string>();
  for (const path of paths) tags.set(path, (await user.get(path)).headers.get("etag")!);
  await operate("POST", "/operations/grants", { user_id: user.id, amount: 1, reason: "test" });
  for (const [path, etag] of tags) {
    strictEqual((await user.get(path, { "if-none-match": etag })).status, 200, path);
  }
});

Deno.test("another user's tag validates nothing, at the same version", async () => {
  const [ann, ben] = [await newUser(), await newUser()];
  for (const path of PATHS) {
    const { headers } = await ann.get(path);
    const reply = await ben.get(path, { "if-none-match": headers.get("etag")! });
    strictEqual(reply.status, 200, path);
    strictEqual(reply.headers.get("etag") === headers.get("etag"), false, path);
  }
});

Deno.test("a page of the history never changes once it was given", async () => {
  const user = await newUser();
  const grant = () =>
    operate("POST", "/operations/grants", { user_id: user.id, amount: 1, reason: "test" });
  for (let i = 0; i < 5; i++) await grant();
  const { body: first } = await user.get("/account/history?limit=2");
  const page = `/account/history?limit=2&before=${first.next_before}`;
  const { body: before } = await user.get(page);
  await grant();
  const { body: after } = await user.get(page);
  deepStrictEqual(after.events, before.events);
  strictEqual(after.next_before, before.next_before);
  strictEqual(after.version, before.version + 1);
});

Deno.test("HEAD has the tag, and is validated by it", async () => {
  const user = await newUser();
  const etag = (await user.get("/account")).headers.get("etag")!;
  const head = (more = {}) =>
    call("HEAD", "/account", { headers: { authorization: `Bearer ${user.token}`, ...more } });
  const full = await head();
  strictEqual(full.status, 200);
  strictEqual(full.headers.get("etag"), etag);
  strictEqual((await head({ "if-none-match": etag })).status, 304);
});
