import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Answer } from "../_shared/database.ts";
import { Problem } from "../_shared/problem.ts";
import { type Outcome, ProviderError } from "../_shared/providers/provider.ts";
import { type Job, work } from "./work.ts";

const job: Job = {
  userId: "u",
  generationId: "g",
  leaseToken: "t",
  deadline: new Date(Date.now() + 60_000),
  type: "chat",
  cost: 10,
  input: { prompt: "x" },
  provider: "own",
  options: {},
  requestId: "r",
};
const dependencies = {
  takeTurns: <T>(_userId: string, work: () => Promise<T>) => work(),
  log: () => {},
  providerTimeoutMs: 60_000,
};

/** What `work` asks of the database, and logs, when the provider does this. */
async function working(
  start: () => Promise<Outcome>,
  answers: Record<string, Answer | Error> = {},
): Promise<{ calls: [string, Record<string, unknown>][]; log: string[] }> {
  const calls: [string, Record<string, unknown>][] = [];
  const log: string[] = [];
  await work(job, {
    ...dependencies,
    call: (name, parameters) => {
      calls.push([name, parameters]);
      const answer = answers[name] ?? {};
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    log: (level, message) => log.push(`${level}: ${message}`),
    findProvider: () => ({ start }),
  });
  return { calls, log };
}

const lease = { p_generation_id: "g", p_lease_token: "t" };

for (
  const [cost, settled] of [
    [undefined, null],
    [3, 3],
    [2.1, 3],
    [0, 0],
    [-1, 0],
    [11, 10],
    [
      NaN,
      null,
    ],
  ] as const
) {
  Deno.test(`a result that cost ${cost} of 10 is settled for ${settled ?? "all of it"}`, async () => {
    const outcome: Outcome = {
      result: { a: 1 },
      ...(cost === undefined ? {} : { cost }),
    };
    const { calls } = await working(() => Promise.resolve(outcome));
    const settlement = { ...lease, p_result: { a: 1 }, p_cost: settled };
    deepStrictEqual(calls, [["complete_generation", settlement]]);
  });
}

Deno.test("what comes back of a result that cost less is in the log, and so is a warning", async () => {
  const outcome: Outcome = { result: {}, cost: 4, warning: "Look at this" };
  const answer = { user_id: "u", status: "completed", refunded: 6 };
  const { log } = await working(() => Promise.resolve(outcome), {
    complete_generation: answer,
  });
  deepStrictEqual(log, [
    "warn: Look at this",
    "info: Refunded 6 credit(s) to user u due to settled_below_cost",
  ]);
});

Deno.test("what is handed over is not settled", async () => {
  const { calls } = await working(() => Promise.resolve({ handedOver: true }));
  deepStrictEqual(calls, [["hand_over_generation", lease]]);
});

Deno.test("a provider that was done before the hand-over is no trouble", async () => {
  const gone = new Problem(
    "GENERATION_NOT_FOUND",
    "The lease is not yours any more",
  );
  const { calls, log } = await working(
    () => Promise.resolve({ handedOver: true }),
    {
      hand_over_generation: gone,
    },
  );
  strictEqual(calls.length, 1);
  deepStrictEqual(log, ["info: Settled before it was handed over"]);
});

Deno.test("a hand-over that fails does not fail the generation: the provider is at work", async () => {
  const { calls, log } = await working(
    () => Promise.resolve({ handedOver: true }),
    { hand_over_generation: new Error("A bug") },
  );
  strictEqual(calls.length, 1);
  strictEqual(log[0]?.startsWith("error: A hand-over failed"), true);
});

for (const code of ["ACCOUNT_BUSY", "DATABASE_UNAVAILABLE"] as const) {
  Deno.test(`a result is not thrown away because of a moment's ${code}`, async () => {
    const tries: string[] = [];
    await work(job, {
      ...dependencies,
      call: (name) => {
        tries.push(name);
        if (tries.length < 3) return Promise.reject(new Problem(code, "Not now"));
        return Promise.resolve({ refunded: 0 });
      },
      findProvider: () => ({ start: () => Promise.resolve({ result: {} }) }),
    });
    deepStrictEqual(tries, Array(3).fill("complete_generation"));
  });
}

Deno.test("a closed account has nothing left to settle, and is no alarm", async () => {
  const { log } = await working(() => Promise.reject(new ProviderError("provider_error")), {
    fail_generation: new Problem("PROFILE_NOT_FOUND", "Closed"),
  });
  deepStrictEqual(log.filter((line) => line.includes("Failed to refund")), []);
});

Deno.test("an adapter that does not look at its signal is not waited for", async () => {
  const calls: string[] = [];
  await work({ ...job, deadline: new Date(Date.now() + 50) }, {
    ...dependencies,
    call: (name) => {
      calls.push(name);
      return Promise.resolve({ refunded: 10 });
    },
    findProvider: () => ({ start: () => new Promise(() => {}) }),
  });
  deepStrictEqual(calls, ["fail_generation"]);
});

for (
  const [error, reason] of [
    [new ProviderError("provider_not_configured"), "provider_not_configured"],
    [new TypeError("x is undefined"), "internal_error"],
  ] as const
) {
  Deno.test(`a provider that throws a ${error.name} is a failure: ${reason}`, async () => {
    const { calls } = await working(() => Promise.reject(error));
    deepStrictEqual(calls, [["fail_generation", {
      ...lease,
      p_reason: reason,
    }]]);
  });
}

Deno.test("a heartbeat that is under way is waited for before the hand-over: it would undo it", async () => {
  const calls: string[] = [];
  const { promise: beaten, resolve: beat } = Promise.withResolvers<void>();
  let tick: (() => void) | undefined;
  const { setInterval } = globalThis;
  Object.assign(globalThis, {
    setInterval: (work: () => void) => void (tick = work),
  });
  try {
    const done = work(job, {
      ...dependencies,
      call: async (name) => {
        if (name === "extend_lease") await beaten;
        calls.push(name);
        return {};
      },
      findProvider: () => ({
        start: () => {
          tick?.();
          return Promise.resolve({ handedOver: true });
        },
      }),
    });
    await new Promise((resolve) => setTimeout(resolve, 0));
    deepStrictEqual(calls, [], "nothing is handed over yet");
    beat();
    await done;
    deepStrictEqual(calls, ["extend_lease", "hand_over_generation"]);
  } finally {
    Object.assign(globalThis, { setInterval });
  }
});
