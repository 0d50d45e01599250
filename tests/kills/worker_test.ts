/**
 * Functions workers that are killed, at each point of their work that leaves a charge behind, and answers that are lost.
 * Nothing of production code helps: the line between a worker and the API is held, or the account's row is.
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { waitUntil } from "../../scripts/stack/process.ts";
import { Ground, isOutage, type User } from "./ground.ts";

const ground = await Ground.start({ workers: 2 });
const { wire } = ground;
Deno.test.afterAll(() => ground[Symbol.asyncDispose]());

// The stack is in this process and replaces what is killed: no test ends with the processes that it began with.
const unsanitized = { sanitizeResources: false, sanitizeOps: false };

Deno.test(
  "a charge whose answer is lost on the way to the worker is made once",
  unsanitized,
  async () => {
    const user = await ground.user(5);
    const held = wire.hold("submit_generation", "answer");
    const submitting = user.submit("one");
    (await held).lose();
    const accepted = await submitting;
    strictEqual(accepted.status, 202, "the worker itself asks again, by the key");
    strictEqual((await user.submit("one")).body.generation_id, accepted.body.generation_id);
    strictEqual(await ground.credits(user), 4);

    // Its lease's token went with the answer: nobody can work on it.
    await ground.sweepAndCheck();
    deepStrictEqual(await ground.fates(user), [["expired", "lease_lapsed"]]);
    strictEqual(await ground.credits(user), 5);
  },
);

Deno.test(
  "a settlement whose answer is lost on the way to the worker is made once",
  unsanitized,
  async () => {
    const user = await ground.user(5);
    const held = wire.hold("complete_generation", "answer");
    const submitting = user.submit("one", { wait: 30 });
    (await held).lose();
    strictEqual((await submitting).status, 200, "the worker asks again, and it is settled already");
    await ground.sweepAndCheck();
    deepStrictEqual(await ground.fates(user), [["completed", null]]);
    strictEqual(await ground.credits(user), 4);
  },
);

Deno.test(
  "a worker that dies leaves every charge settled exactly once, wherever it was with each",
  unsanitized,
  async (test) => {
    const newUser = () => ground.user(5);
    const asked = await ground.provided();

    const charged = await newUser();
    const charge = wire.hold("submit_generation", "answer");
    const charging = charged.submit("one");
    const chargeHeld = await charge;
    strictEqual(await ground.credits(charged), 4, "the charge is committed");
    strictEqual(await ground.provided(), asked, "and the provider not asked yet");

    const generating = await newUser();
    strictEqual((await generating.submit("one", { prompt: "[hang]" })).status, 202);
    await waitUntil(
      "The request to the provider",
      async () => await ground.provided() === asked + 1,
      10_000,
    );

    /** Brings a submission to its settlement, with the provider's answer, and holds that. */
    const settle = async (user: User, passage: "call" | "answer") => {
      const settlement = wire.hold("complete_generation", passage);
      const submitting = user.submit("one", { wait: 30 });
      return { held: await settlement, submitting };
    };
    const unsettled = await newUser();
    const toSettle = await settle(unsettled, "call");

    const settled = await newUser();
    const settlement = await settle(settled, "answer");
    deepStrictEqual(await ground.fates(settled), [["completed", null]], "it is committed");

    // These two wait for their accounts, inside the database, as their worker dies. They go on there without it.
    const waitingCharge = await newUser(), waitingSettlement = await newUser();
    const toWait = await settle(waitingSettlement, "call");
    let submitting: ReturnType<User["submit"]> | undefined;
    await ground.whileHeld([waitingCharge, waitingSettlement], async (waits) => {
      submitting = waitingCharge.submit("one");
      toWait.held.release();
      await waits();
      await ground.kill();
    });

    for (const { lose } of [chargeHeld, toSettle.held, settlement.held]) lose();
    const clients = [charging, toSettle.submitting, settlement.submitting, toWait.submitting];
    for (const answer of await Promise.all([...clients, submitting!])) {
      ok(isOutage(answer), "the client knows only that it does not know");
    }
    const asked2 = await ground.provided();
    await ground.sweepAndCheck();

    await test.step("after the charge, before it asked the provider: it comes back", async () => {
      deepStrictEqual(await ground.fates(charged), [["expired", "lease_lapsed"]]);
      strictEqual(await ground.credits(charged), 5);
    });
    await test.step("while the provider worked: it comes back", async () => {
      deepStrictEqual(await ground.fates(generating), [["expired", "lease_lapsed"]]);
      strictEqual(await ground.credits(generating), 5);
    });
    await test.step("after the provider's answer, before the settlement: it comes back", async () => {
      deepStrictEqual(await ground.fates(unsettled), [["expired", "lease_lapsed"]]);
      strictEqual(await ground.credits(unsettled), 5);
    });
    await test.step("after the settlement, before its answer: it stays settled", async () => {
      deepStrictEqual(await ground.fates(settled), [["completed", null]]);
      strictEqual(await ground.credits(settled), 4);
    });
    await test.step("while the charge or the settlement waited: settled as the ledger says", async () => {
      for (const user of [waitingCharge, waitingSettlement]) {
        strictEqual(await ground.credits(user), 5 - await ground.completed(user));
      }
      strictEqual(await ground.completed(waitingCharge), 0, "nobody was left to work on it");
    });
    await test.step("whoever asks again by the key is not charged again", async () => {
      const again = async (user: User) => {
        const prompt = user === generating ? { prompt: "[hang]" } : {};
        const { replayed, body } = await user.submitUntilAnswered("one", { wait: 1, ...prompt });
        ok(replayed, JSON.stringify(body));
        return body;
      };
      for (const user of [charged, generating, unsettled]) {
        const { code, state, credits } = await again(user);
        deepStrictEqual([code, state, credits], ["GENERATION_TIMED_OUT", "expired", 5]);
      }
      const { status, result, credits } = await again(settled);
      deepStrictEqual([status, result.images.length, credits], ["completed", 1, 4]);
      for (const user of [charged, generating, unsettled, settled, waitingSettlement]) {
        strictEqual((await ground.fates(user)).length, 1, "one generation for one key");
      }
      strictEqual(await ground.provided(), asked2, "nor is the provider asked again");
    });
  },
);

const KILLS = 8;
const USERS = 12;
const SUBMISSIONS_EACH = 8;

Deno.test(
  "workers that die at any moment leave every charge settled exactly once",
  unsanitized,
  async () => {
    const before = await ground.provided();
    const users = await Promise.all(
      Array.from({ length: USERS }, () => ground.user(SUBMISSIONS_EACH)),
    );
    // Chance says after how many passages the next one dies, and so at which point of whose work.
    let kills = 0, rest = 1;
    wire.onPassage = () => {
      if (--rest > 0 || kills === KILLS) return;
      kills++;
      rest = 1 + Math.floor(Math.random() * 40);
      ground.signal(1);
    };
    await Promise.all(users.map(async (user) => {
      for (let i = 0; i < SUBMISSIONS_EACH; i++) {
        const { status, body } = await user.submitUntilAnswered(`key-${i}`);
        strictEqual(status, 202, JSON.stringify(body));
      }
    }));
    await ground.kill();
    strictEqual(kills, KILLS);

    await ground.sweepAndCheck();
    let total = 0;
    for (const user of users) {
      const fates = await ground.fates(user);
      strictEqual(fates.length, SUBMISSIONS_EACH, "one generation for each key");
      const completed = await ground.completed(user);
      strictEqual(await ground.credits(user), SUBMISSIONS_EACH - completed);
      total += completed;
    }
    const asked = await ground.provided() - before;
    const all = USERS * SUBMISSIONS_EACH;
    // deno-lint-ignore no-console -- where the workers were hit is chance: it should be seen.
    console.log(`${total} of ${all} completed; the provider was asked ${asked} times`);
  },
);
