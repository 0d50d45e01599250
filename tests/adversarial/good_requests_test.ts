/** The other tests spoil good requests: these show that they are good, and that the watch over the database sees them. */

import { notStrictEqual, ok, rejects } from "node:assert/strict";
import { unchanged } from "../support/database.ts";
import { goodMessage, newVictim, routesOf, takesBody } from "./routes.ts";
import { send } from "./send.ts";

const count = routesOf(await newVictim()).length;

for (let index = 0; index < count; index++) {
  const victim = await newVictim();
  const route = routesOf(victim)[index]!;
  Deno.test(`the good request to ${route.endpoint.id} is accepted`, async () => {
    const answer = await send(route.method, route.path, goodMessage(route));
    ok(answer.status < 300, answer.text);
  });
}

Deno.test("the watch over the database sees every good request that writes", async () => {
  const writes = routesOf(await newVictim()).filter(takesBody).filter(({ endpoint }) =>
    !["sweep", "issueTicket"].includes(endpoint.id)
  );
  notStrictEqual(writes.length, 0);
  for (const { endpoint } of writes) {
    const route = routesOf(await newVictim()).find((one) => one.endpoint === endpoint)!;
    await rejects(
      unchanged(() => send(route.method, route.path, goodMessage(route))),
      /the database is unchanged/,
      endpoint.id,
    );
  }
});
