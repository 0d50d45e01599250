import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { Answer, Call } from "./database.ts";
import { entityTag } from "./entity_tag.ts";
import { Problem } from "./problem.ts";
import { createViews, type View } from "./views.ts";

const ANN = "5f0c1f6e-0000-4000-8000-000000000001";
const BEN = "5f0c1f6e-0000-4000-8000-000000000002";

/** What a worker did: what it asked of the database, said in its log, and counted. */
interface Seen {
  asked: { name: string; known: unknown }[];
  logged: [string, string][];
  counted: string[];
}

/** A database of accounts at versions, whose one view says the user and the version, with so many characters beside. */
class FakeDatabase {
  epoch = 1000;
  versions: Record<string, number> = { [ANN]: 5, [BEN]: 5 };
  overdue: 0 | 1 | "held" = 0;
  padding = 0;
  failure: Error | null = null;
  /** Runs while a read is under way. */
  meanwhile: () => void = () => {};

  call: Call = (name, parameters) => {
    const userId = String(parameters["p_user_id"]);
    if (this.failure) return Promise.reject(this.failure);
    if (name === "expire_overdue_generations") {
      if (this.overdue === "held") return Promise.resolve({ expired: 0 });
      this.overdue = 0;
      this.versions[userId]!++;
      return Promise.resolve({ expired: 1 });
    }
    const version = this.versions[userId];
    const head: Answer = {
      credits: 1,
      version,
      epoch: this.epoch,
      ...(this.overdue ? { overdue: true } : {}),
    };
    this.meanwhile();
    if (parameters["p_known"] === `${this.epoch}.${version}`) {
      return Promise.resolve({ ...head, unchanged: true });
    }
    return Promise.resolve({
      ...head,
      says: `${userId} at ${version}${"x".repeat(this.padding)}`,
    });
  };
}

function start(
  maxBytes = 1_000_000,
): { database: FakeDatabase; view: View; seen: Seen } {
  const database = new FakeDatabase();
  const seen: Seen = { asked: [], logged: [], counted: [] };
  const view = createViews({
    call: (name, parameters, options) => {
      seen.asked.push({ name, known: parameters["p_known"] });
      return database.call(name, parameters, options);
    },
    log: (level, message) => seen.logged.push([level, message]),
    count: (name, labels = {}) => seen.counted.push(labels["outcome"] ?? name),
    maxBytes,
  });
  return { database, view, seen };
}

const request = (userId: string, headers: Record<string, string> = {}) => ({
  userId,
  headers: new Headers(headers),
  requestId: "r",
});

const says = (json: string | undefined) => JSON.parse(json ?? "{}").says;

Deno.test("a view is read once a version, and asked for every time", async () => {
  const { database, view, seen } = start();
  const first = await view("get_x", {}, request(ANN));
  const second = await view("get_x", {}, request(ANN));
  strictEqual(second.json, first.json);
  database.versions[ANN] = 6;
  strictEqual(
    says((await view("get_x", {}, request(ANN))).json),
    `${ANN} at 6`,
  );
  deepStrictEqual(seen.asked.map(({ known }) => known), [
    null,
    "1000.5",
    "1000.5",
  ]);
  deepStrictEqual(seen.counted, ["miss", "hit", "miss"]);
});

Deno.test("an answer says its position and user in its tag, and that it is private", async () => {
  const { view } = start();
  const { headers } = await view("get_x", {}, request(ANN));
  deepStrictEqual(headers, {
    etag: entityTag(ANN, { epoch: 1000, version: 5 }),
    "cache-control": "private, no-cache",
  });
});

Deno.test("what a worker says among itself and the database is not in the answer", async () => {
  const { database, view } = start();
  database.overdue = "held";
  const { json } = await view("get_x", {}, request(ANN));
  deepStrictEqual(Object.keys(JSON.parse(json!)), [
    "credits",
    "version",
    "epoch",
    "says",
  ]);
});

Deno.test("a client that has the answer gets 304 without a body, also from a worker that keeps nothing", async () => {
  const { view, seen } = start();
  const etag = entityTag(ANN, { epoch: 1000, version: 5 });
  for (const held of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const reply = await view(
      "get_x",
      {},
      request(ANN, { "if-none-match": held }),
    );
    strictEqual(reply.status, 304, held);
    strictEqual(reply.json, undefined);
    strictEqual(reply.headers?.["etag"], etag);
  }
  strictEqual(seen.asked[0]?.known, "1000.5");
  ok(seen.counted.every((outcome) => outcome === "validated"));
});

Deno.test("a client that has an older answer gets the new one", async () => {
  const { database, view } = start();
  const { headers } = await view("get_x", {}, request(ANN));
  database.versions[ANN] = 6;
  const reply = await view(
    "get_x",
    {},
    request(ANN, { "if-none-match": headers!["etag"]! }),
  );
  strictEqual(reply.status, undefined);
  strictEqual(says(reply.json), `${ANN} at 6`);
});

Deno.test("a client with a newer answer than the worker's is validated, and the next one still gets a body", async () => {
  const { database, view } = start();
  await view("get_x", {}, request(ANN));
  database.versions[ANN] = 6;
  const held = entityTag(ANN, { epoch: 1000, version: 6 });
  strictEqual(
    (await view("get_x", {}, request(ANN, { "if-none-match": held }))).status,
    304,
  );
  strictEqual(
    says((await view("get_x", {}, request(ANN))).json),
    `${ANN} at 6`,
  );
});

Deno.test("a tag that a client made up costs a read and no more", async () => {
  const { view } = start();
  await view("get_x", {}, request(ANN));
  const madeUp = entityTag(ANN, { epoch: 1000, version: 99 });
  const reply = await view(
    "get_x",
    {},
    request(ANN, { "if-none-match": madeUp }),
  );
  strictEqual(says(reply.json), `${ANN} at 5`);
});

Deno.test("no user is given what is another's, nor is validated by the other's tag", async () => {
  const { view, seen } = start();
  const { headers } = await view("get_x", {}, request(ANN));
  const reply = await view(
    "get_x",
    {},
    request(BEN, { "if-none-match": headers!["etag"]! }),
  );
  strictEqual(reply.status, undefined);
  strictEqual(says(reply.json), `${BEN} at 5`);
  strictEqual(seen.asked[1]?.known, null);
});

Deno.test("a view is kept by its parameters, and by its name", async () => {
  const { view, seen } = start();
  await view("get_x", { p_before: 3 }, request(ANN));
  await view("get_x", { p_before: 4 }, request(ANN));
  await view("get_y", { p_before: 3 }, request(ANN));
  deepStrictEqual(seen.counted, ["miss", "miss", "miss"]);
});

Deno.test("no parameter stands in for the user or the position", async () => {
  const { view, seen } = start();
  const reply = await view(
    "get_x",
    { p_user_id: BEN, p_known: "1000.5" },
    request(ANN),
  );
  strictEqual(says(reply.json), `${ANN} at 5`);
  strictEqual(seen.asked[0]?.known, null);
});

Deno.test("X-Min-Version: an answer as new or newer is given, of a greater epoch whatever its version", async () => {
  const { view } = start();
  for (const least of ["1000.5", "1000.1", "999.700", " 1000.5 "]) {
    const reply = await view(
      "get_x",
      {},
      request(ANN, { "x-min-version": least }),
    );
    strictEqual(says(reply.json), `${ANN} at 5`, least);
  }
});

Deno.test("X-Min-Version: what the database has not reached is refused, with an error in the log, kept or held or not", async () => {
  const { view, seen } = start();
  const { headers } = await view("get_x", {}, request(ANN));
  for (const least of ["1000.6", "1001.1"]) {
    for (
      const more of [{}, { "if-none-match": headers!["etag"]! }, {
        "if-none-match": "*",
      }]
    ) {
      await rejects(
        view("get_x", {}, request(ANN, { "x-min-version": least, ...more })),
        {
          code: "DATABASE_UNAVAILABLE",
          status: 503,
          headers: { "retry-after": "1" },
        },
      );
      deepStrictEqual(seen.logged.pop(), [
        "error",
        "The database is behind what a client has seen",
      ]);
    }
  }
});

Deno.test("X-Min-Version: a refusal of an older position is not given either", async () => {
  const { database, view, seen } = start();
  database.failure = new Problem("GENERATION_NOT_FOUND", "No", {
    version: 5,
    epoch: 1000,
  });
  const ask = (least: string) => view("get_x", {}, request(ANN, { "x-min-version": least }));
  await rejects(ask("1000.5"), { code: "GENERATION_NOT_FOUND" });
  await rejects(ask("1000.6"), { code: "DATABASE_UNAVAILABLE" });
  strictEqual(seen.logged.length, 1);
});

Deno.test("X-Min-Version: what is no position is refused by name", async () => {
  const { view, seen } = start();
  for (const least of ["", "5", "1000", "x.y", "1000.5.6", '"1000.5"']) {
    await rejects(view("get_x", {}, request(ANN, { "x-min-version": least })), {
      code: "INVALID_REQUEST",
      status: 400,
    }, least);
  }
  strictEqual(seen.asked.length, 0);
});

Deno.test("where the database fails, what is kept is not given; afterwards it is, if it is still so", async () => {
  const { database, view } = start();
  await view("get_x", {}, request(ANN));
  database.failure = new Problem("DATABASE_UNAVAILABLE", "Away");
  await rejects(view("get_x", {}, request(ANN)), {
    code: "DATABASE_UNAVAILABLE",
    status: 503,
  });
  const held = entityTag(ANN, { epoch: 1000, version: 5 });
  await rejects(view("get_x", {}, request(ANN, { "if-none-match": held })), {
    status: 503,
  });
  database.failure = null;
  strictEqual(
    says((await view("get_x", {}, request(ANN))).json),
    `${ANN} at 5`,
  );
});

Deno.test("an own overdue generation is expired, and the view is read again", async () => {
  const { database, view, seen } = start();
  await view("get_x", {}, request(ANN));
  database.overdue = 1;
  strictEqual(
    says((await view("get_x", {}, request(ANN))).json),
    `${ANN} at 6`,
  );
  deepStrictEqual(seen.asked.map(({ name }) => name), [
    "get_x",
    "get_x",
    "expire_overdue_generations",
    "get_x",
  ]);
});

Deno.test("where somebody else is at the overdue generation, what is there is given at once", async () => {
  const { database, view, seen } = start();
  database.overdue = "held";
  strictEqual(
    says((await view("get_x", {}, request(ANN))).json),
    `${ANN} at 5`,
  );
  strictEqual(seen.asked.length, 2);
});

Deno.test("a write while an answer is on its way is seen by the next read", async () => {
  const { database, view } = start();
  database.meanwhile = () => database.versions[ANN] = 6;
  strictEqual(
    says((await view("get_x", {}, request(ANN))).json),
    `${ANN} at 5`,
  );
  strictEqual(
    says((await view("get_x", {}, request(ANN))).json),
    `${ANN} at 6`,
  );
});

Deno.test("answers that overtake one another are each of their own position", async () => {
  const { database, view } = start();
  const slow = Promise.withResolvers<void>();
  const { call } = database;
  database.call = async (...args) => {
    const answer = call(...args);
    await slow.promise;
    return await answer;
  };
  const older = view("get_x", {}, request(ANN));
  database.call = call;
  database.versions[ANN] = 6;
  await view("get_x", {}, request(ANN));
  slow.resolve();
  const reply = await older;
  strictEqual(says(reply.json), `${ANN} at 5`);
  strictEqual(
    reply.headers?.["etag"],
    entityTag(ANN, { epoch: 1000, version: 5 }),
  );
  strictEqual(
    says((await view("get_x", {}, request(ANN))).json),
    `${ANN} at 6`,
  );
});

Deno.test("the least recently asked for makes room, is counted, and is read again", async () => {
  const { database, view, seen } = start(100_000);
  database.padding = 4000; // about 8,700 bytes an entry: 11 of them
  for (let page = 0; page < 20; page++) {
    await view("get_x", { page }, request(ANN));
  }
  const evictions = seen.counted.filter((name) => name === "edge_credits_view_evictions")
    .length;
  ok(evictions >= 8, `${evictions} evictions`);
  await view("get_x", { page: 19 }, request(ANN));
  await view("get_x", { page: 0 }, request(ANN));
  deepStrictEqual(seen.asked.slice(-2).map(({ known }) => known), [
    "1000.5",
    null,
  ]);
});

Deno.test("an answer that would drive out everything else is not kept, and an older one of it neither", async () => {
  const { database, view, seen } = start(100_000);
  await view("get_x", {}, request(ANN));
  database.versions[ANN] = 6;
  database.padding = 10_000;
  for (let i = 0; i < 2; i++) {
    strictEqual(
      JSON.parse((await view("get_x", {}, request(ANN))).json!).version,
      6,
    );
  }
  deepStrictEqual(seen.asked.map(({ known }) => known), [null, "1000.5", null]);
});

Deno.test("a slow read of the database is logged, whether it succeeds or not", async () => {
  const { database, view, seen } = start();
  const { now } = performance;
  let elapsed = 0;
  performance.now = () => elapsed;
  try {
    database.meanwhile = () => elapsed += 200;
    await view("get_x", {}, request(ANN));
    deepStrictEqual(seen.logged, []);
    database.meanwhile = () => elapsed += 201;
    await view("get_x", {}, request(ANN));
    deepStrictEqual(seen.logged, [["warn", "Slow database read"]]);
    const { call } = database;
    database.call = (...args) => call(...args).then(() => Promise.reject(new Error("timeout")));
    await rejects(view("get_x", {}, request(ANN)), /timeout/);
    strictEqual(seen.logged.length, 2);
  } finally {
    performance.now = now;
  }
});
