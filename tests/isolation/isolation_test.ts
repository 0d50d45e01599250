/**
 * Every order in which two sessions of one user can begin, call and end, for every two of the operations, where both
 * commit and where either rolls back. Postgres's own isolationtester runs them.
 */

import { deepStrictEqual, fail, ok, strictEqual } from "node:assert/strict";
import { createDatabases, type Databases } from "./databases.ts";
import { findTester, type Permutation, runSpec, type Tester } from "./isolationtester.ts";
import {
  alone,
  callers,
  type End,
  interleavings,
  meeting,
  type Operation,
  type Pair,
  passersBy,
  type Scene,
  scenes,
  type SessionName,
  specOf,
  type Step,
  winner,
} from "./specs.ts";

const tester = await findTester();
if (!tester) {
  // deno-lint-ignore no-console -- a skipped test does not say why.
  console.log(
    "tests/isolation is skipped: there is no isolationtester (Debian's postgresql-15 has)",
  );
}
const mustRun = Deno.env.get("CI") === "true";

for (const [scene, names] of Object.entries(scenes) as [Scene, Operation[]][]) {
  for (const [index, a] of names.entries()) {
    const others = names.slice(index);
    Deno.test({
      name: `${scene}: ${a}, interleaved with ${others.join(", ")}`,
      ignore: !tester && !mustRun,
      fn: async (test) => {
        if (!tester) fail("With CI=true, what is skipped is a failure.");
        await using databases = await createDatabases();
        for (const pair of others.flatMap((b) => pairsOf(scene, a, b))) {
          const [left, right] = [pair.a, pair.b].map((each) => `${each.operation} (${each.end})`);
          await test.step(`${left} and ${right}`, () => check(tester, databases, pair));
        }
      },
    });
  }
}

/** Both commit, or either rolls back. Two that do the same are told apart by their order alone: every order is there. */
function pairsOf(scene: Scene, a: Operation, b: Operation): Pair[] {
  const pair = (endOfA: End, endOfB: End): Pair => ({
    scene,
    a: { operation: a, end: endOfA },
    b: { operation: b, end: endOfB },
  });
  const same = [pair("commit", "commit"), pair("rollback", "commit")];
  return a === b ? same : [...same, pair("commit", "rollback")];
}

async function check(tester: Tester, databases: Databases, pair: Pair): Promise<void> {
  const givesUp = (order: Step[]) => meeting(pair, order) === "gives up";
  const run = async (url: string, orders: Step[][]) => {
    const permutations = await runSpec(tester, url, specOf(pair, orders));
    deepStrictEqual(permutations.map((each) => each.order), orders, "every permutation ran");
    return permutations;
  };
  const hopeless = interleavings.filter(givesUp);
  const [patient, hasty] = await Promise.all([
    run(databases.patient, [...alone, ...interleavings.filter((order) => !givesUp(order))]),
    hopeless.length > 0 ? run(databases.hasty, hopeless) : [],
  ]);
  const permutations = [...patient, ...hasty];
  strictEqual(permutations.length, 2 + 20, "two references and twenty interleavings");
  for (const permutation of permutations) {
    try {
      judge(pair, permutation, permutations);
    } catch (error) {
      throw new Error(`In the permutation ${permutation.text}`, { cause: error });
    }
  }
}

/** Holds one permutation against the one that it must be like. */
function judge(pair: Pair, permutation: Permutation, all: Permutation[]): void {
  const order = permutation.order as Step[];
  const [first, second] = callers(order);
  const how = meeting(pair, order);
  const like = (steps: Step[]) =>
    all.find((each) => each.order.join() === steps.join()) ?? fail(`Nobody ran ${steps}`);
  const [aloneA, aloneB] = alone as [Step[], Step[]];
  const [firstAlone, secondAlone] = first === "a" ? [aloneA, aloneB] : [aloneB, aloneA];
  const { said } = permutation;

  ok(said["outcome"]?.endsWith("; sound"), "the account is sound");
  // Who gives up at once may have done so before isolationtester looked: the error tells that it waited.
  if (how !== "gives up") {
    const waiting = how === "waits" ? [`${second}_call`] : [];
    deepStrictEqual(permutation.waited, waiting, "who waits for whom");
  }
  deepStrictEqual(
    permutation.errors,
    how === "gives up" ? ["canceling statement due to lock timeout"] : [],
    "only who would wait for ever gives up",
  );
  switch (how) {
    case "apart":
    case "waits":
      if (order.length > 3) deepStrictEqual(said, like([...firstAlone, ...secondAlone]).said);
      break;
    case "gives up":
      deepStrictEqual(said, like(firstAlone).said, "nothing but the first has happened");
      break;
    case "passes by":
      deepStrictEqual(said, {
        ...like(firstAlone).said,
        [second]: passersBy[pair[second].operation],
      });
  }
  if (pair.scene !== "reserved") assertOneWinner(pair, permutation);
}

/** Every operation would settle the generation: who has done so is the one that must have, and its money is what there is. */
function assertOneWinner(pair: Pair, permutation: Permutation): void {
  const { said } = permutation;
  const name = winner(pair, permutation.order as Step[]);
  const sessions = (["a", "b"] as const).filter((each) => pair[each].end === "commit");
  const settlement = (each: SessionName) =>
    /^(completed|failed|released|expired(?! 0))\b/.exec(said[each] ?? "")?.[1];
  deepStrictEqual(
    sessions.filter((each) => settlement(each) !== undefined),
    name ? [name] : [],
    "one has settled it: the first that did not roll back",
  );
  const status = name ? settlement(name) : "processing";
  const [first, second] = callers(permutation.order as Step[]);
  if (name === first && said[second] !== undefined) {
    const sameKey = pair.a.operation === "callback" && pair.b.operation === "callback";
    strictEqual(
      said[second].replace(/ at version .*/, ""),
      passersBy[pair[second].operation] ??
        (sameKey ? `replayed ${status}` : `GENERATION_ALREADY_SETTLED ${status}`),
      "the other is told so by name, and a callback that comes again gets its first answer",
    );
  }
  const events = [
    "opened 2",
    "submitted -1",
    ...(status === "processing" ? [] : [`${status} ${status === "completed" ? 0 : 1}`]),
  ].join(", ");
  const credits = status === "processing" || status === "completed" ? 1 : 2;
  // A result that came too late is one more event, of 0 credits.
  strictEqual(
    said["outcome"]?.replace(", late_result 0;", ";"),
    `${credits} credits; ${status}; ${events}; sound`,
    "it was settled once, and every credit is where it belongs",
  );
}
