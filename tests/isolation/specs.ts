/**
 * The specs: two sessions of one user, each `begin`, one call and its end, in every order that two sessions can have.
 *
 * Nobody has written down what each order must give. The operations lock the account before anything else, so what two
 * of them give together is what they give one after the other, in the order of their calls; or, where the second does
 * not get the lock, what the first gives alone. A spec runs those orders, too, and they are what the others must equal.
 */

/** What one user's account goes through, each as one call. A spec has no way to write a closing brace. */
export const operations = {
  deduct: "deduct_credit_atomic(isolation.user_id(), 0)",
  refund: "refund_credit_atomic(isolation.user_id())",
  submit:
    `submit_generation(isolation.user_id(), 'image', jsonb_build_object(), p_generation_id => isolation.generation_id())`,
  complete: "complete_generation(isolation.generation_id(), jsonb_build_object())",
  fail: "fail_generation(isolation.generation_id(), 'provider_error')",
  release: "release_generation(null, isolation.generation_id(), 'a wish')",
  sweep: "refund_stuck_generations()",
  read: "expire_overdue_generations(isolation.user_id())",
  finish:
    "complete_generation(isolation.generation_id(), jsonb_build_object(), p_lease_token => isolation.lease_token())",
  give_up:
    "fail_generation(isolation.generation_id(), 'provider_error', p_lease_token => isolation.lease_token())",
  callback:
    "complete_generation(isolation.generation_id(), jsonb_build_object(), p_lease_token => isolation.lease_token(), p_idempotency_key => 'msg_1')",
} as const;

export type Operation = keyof typeof operations;

/**
 * What `isolation.set_scene` makes of the generation that a spec begins with, and the operations that have something to do
 * there. Where it was handed over, the worker finishes it or gives it up, and the provider calls back, all with one token.
 */
export const scenes = {
  reserved: ["deduct", "refund", "submit", "complete", "fail", "release", "sweep", "read"],
  processing: ["complete", "fail", "release", "sweep"],
  handed_over: ["finish", "give_up", "release", "sweep", "read", "callback"],
} as const satisfies Record<string, Operation[]>;

export type Scene = keyof typeof scenes;
export type End = "commit" | "rollback";
export type SessionName = "a" | "b";

/** Where the two sessions begin, what each of them does, and how it ends. */
export type Pair = { scene: Scene } & Record<SessionName, { operation: Operation; end: End }>;

/** The step of a session that begins, calls or ends. */
export type Step = `${SessionName}_${"begin" | "call" | "end"}`;

/** What an order of steps means for the session that calls second. */
export type Meeting =
  /** Its call comes after the first has ended, or it is the only one. */
  | "apart"
  /** It waits for the account until the first has ended. */
  | "waits"
  /** It waits until its time is up: the first ends after it. */
  | "gives up"
  /** It leaves an account that somebody holds for the next time. */
  | "passes by";

/** What waits for nobody, and says this where somebody holds the account. */
export const passersBy: Partial<Record<Operation, string>> = {
  sweep: "expired 0, refunded 0, failed 0",
  read: "expired 0",
};

const stepsOf = (session: SessionName): Step[] => [
  `${session}_begin`,
  `${session}_call`,
  `${session}_end`,
];

/** The orders in which one session runs alone: what the others are held against. */
export const alone: Step[][] = [stepsOf("a"), stepsOf("b")];

/** All 20 orders of the steps of two sessions. */
export const interleavings: Step[][] = interleave(stepsOf("a"), stepsOf("b"));

function interleave(left: Step[], right: Step[]): Step[][] {
  const [l, ...restOfLeft] = left;
  const [r, ...restOfRight] = right;
  if (l === undefined || r === undefined) return [[...left, ...right]];
  return [
    ...interleave(restOfLeft, right).map((rest) => [l, ...rest]),
    ...interleave(left, restOfRight).map((rest) => [r, ...rest]),
  ];
}

/** The session that calls first in `order`, and the other one. */
export function callers(order: Step[]): [SessionName, SessionName] {
  return order.find((step) => step.endsWith("_call")) === "a_call" ? ["a", "b"] : ["b", "a"];
}

export function meeting(pair: Pair, order: Step[]): Meeting {
  const [first, second] = callers(order);
  const call = order.indexOf(`${second}_call`);
  if (call === -1 || call > order.indexOf(`${first}_end`)) return "apart";
  if (passersBy[pair[second].operation] !== undefined) return "passes by";
  return order.indexOf(`${second}_end`) < order.indexOf(`${first}_end`) ? "gives up" : "waits";
}

/**
 * The session that settles the generation, where every operation of the scene would: who calls first, unless that is undone;
 * then the second, if it came after the end of the first or waited for it.
 */
export function winner(pair: Pair, order: Step[]): SessionName | undefined {
  const [first, second] = callers(order);
  const settles = (session: SessionName) =>
    order.includes(`${session}_call`) && pair[session].end === "commit";
  if (settles(first)) return first;
  const how = meeting(pair, order);
  return settles(second) && (how === "apart" || how === "waits") ? second : undefined;
}

/** The text that isolationtester reads. */
export function specOf(pair: Pair, orders: Step[][]): string {
  const session = (name: SessionName) => `
session ${name}
step ${name}_begin { begin; }
step ${name}_call { select '${name}: ' || isolation.words(public.${
    operations[pair[name].operation]
  }) as said; }
step ${name}_end { ${pair[name].end}; }
`;
  return `setup { select isolation.set_scene('${pair.scene}'); }
teardown { select 'outcome: ' || isolation.outcome() as said; }
${session("a")}${session("b")}
${orders.map((order) => `permutation ${order.join(" ")}`).join("\n")}
`;
}
