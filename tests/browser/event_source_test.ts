/** The stream by a browser's own `EventSource`, which can send no header: with tickets. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { randomFrom, startCuttingProxy } from "../../scripts/bench/cutting_proxy.ts";
import { newUser } from "../support/http.ts";
import { connect, stack } from "../support/stack.ts";
import { openPage, whyNoBrowser } from "./page.ts";

const missing = await whyNoBrowser();

/** What the page has heard. */
interface Heard {
  hellos: number;
  tickets: number;
  versions: number[];
}

Deno.test({
  name: "Chromium's EventSource, cut at random places, hears every event once, with tickets",
  ignore: missing !== null,
  async fn() {
    const events = 300;
    const user = await newUser();
    await using proxy = startCuttingProxy(stack.url, 20_000, randomFrom(1));
    await using opened = await openPage();
    const { page } = opened;
    const greeting = page.waitForFunction(() =>
      (globalThis as unknown as { heard?: Heard }).heard?.hellos === 1
    );
    await page.evaluate(([streams, tickets, token]) => {
      const heard: Heard = { hellos: 0, tickets: 0, versions: [] };
      Object.assign(globalThis, { heard });
      let cursor = "";
      // The first ticket is none: as one that is too old, it is answered 401, and the EventSource gives up.
      let ticket = "none";
      function listen() {
        const query = new URLSearchParams({ topics: "account", ticket });
        if (cursor !== "") query.set("last_event_id", cursor);
        const source = new EventSource(`${streams}/events?${query}`);
        source.addEventListener("error", async () => {
          if (source.readyState !== EventSource.CLOSED) return; // it comes again by itself
          const response = await fetch(`${tickets}/events/ticket`, {
            method: "POST",
            headers: { authorization: `Bearer ${token}` },
          });
          ({ ticket } = await response.json());
          heard.tickets++;
          listen();
        });
        source.addEventListener("hello", ({ lastEventId }) => {
          cursor = lastEventId;
          heard.hellos++;
        });
        source.addEventListener("account", ({ data, lastEventId }) => {
          cursor = lastEventId;
          heard.versions.push(JSON.parse(data).version);
        });
      }
      listen();
    }, [`${proxy.url}/functions/v1`, stack.functionsUrl, user.token] as const);
    await greeting;

    const sql = connect();
    for (let n = 0; n < events / 10; n++) {
      await sql`select grant_credits(${user.id}, 1, 'n' || n) from generate_series(1, 10) n`;
    }
    await sql.end();
    proxy.spare();
    await page.waitForFunction(
      (count) => (globalThis as unknown as { heard: Heard }).heard.versions.length >= count,
      events,
      { timeout: 120_000 },
    );
    const heard = await page.evaluate(() => (globalThis as unknown as { heard: Heard }).heard);
    deepStrictEqual(heard.versions, Array.from({ length: events }, (_, index) => index + 2));
    ok(heard.hellos > 1 && proxy.cuts > 0, "it had to come again");
    strictEqual(heard.tickets >= 1, true);
  },
});
