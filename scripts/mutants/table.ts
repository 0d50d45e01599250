/**
 * The mutants: what keeps a race from happening, taken out, and the test that must then fail. A row is believed only if
 * the test fails for the reason that it gives, so that a test that breaks for another one is no proof.
 */

import { type Change, drop, replace } from "./change.ts";

/** One row of the table in docs/testing.md. */
export interface Mutant {
  /** What is taken out, in words. */
  takenOut: string;
  changes: Change[];
  /** The file or folder, and the beginning of the test's name. */
  test: [file: string, name: string];
  /** What the failing test must say; `- ` before what it expected, `+ ` before what it got instead. */
  says: string;
}

export const RACES = "tests/races/race_test.ts";
const STORM = "tests/races/storm_test.ts";
const ISOLATION = "tests/isolation/isolation_test.ts";

/** The lock of one function, written otherwise. */
const lock = (name: string, by: string): Change =>
  replace(`public.${name}_generation`, " for no key update;", `${by};`);
const noLock = (name: string): Change => lock(name, "");
const skips = (name: string): Change => lock(name, " for no key update skip locked");

const noStatusGuard = replace("private.settle_generation", "and status <= p_up_to", "");
const noBalanceCheck = replace(
  "private.charge_generation",
  "if p_profile.credits < v_type.cost then",
  "if false then",
);
const noReplay = replace("private.replay", "if not found then", "if true then");

/** One mutant for each of several tests. */
const each = (
  takenOut: string,
  changes: Change[],
  tests: [file: string, name: string, says: string][],
): Mutant[] => tests.map(([file, name, says]) => ({ takenOut, changes, test: [file, name], says }));

export const mutants: Mutant[] = [
  ...each("the lock of `reserve_generation`", [noLock("reserve")], [
    [RACES, "two deducts of one credit: the second waits and is refused", "credits_not_negative"],
    [RACES, "two deducts under a rate limit", "- 'RATE_LIMITED'"],
    [RACES, "a deduct behind a refund", "must wait for the first one's lock"],
    [ISOLATION, "reserved: deduct", "credits_not_negative"],
  ]),
  ...each("the lock of `submit_generation`", [noLock("submit")], [
    [RACES, "a submission behind the sweep", "query returned no rows"],
    [RACES, "one key twice at once: the second waits", "idempotency_keys_pkey"],
  ]),
  {
    takenOut: "the lock of `release_generation`",
    changes: [noLock("release")],
    test: [RACES, "two refunds of one reservation"],
    says: "- 'NOTHING_TO_REFUND'",
  },
  {
    takenOut: "the lock of `complete_generation`",
    changes: [noLock("complete")],
    test: [ISOLATION, "processing: complete"],
    says: "GENERATION_ALREADY_SETTLED completed at version 2",
  },
  {
    takenOut: "the lock of `fail_generation`",
    changes: [noLock("fail")],
    test: [ISOLATION, "processing: fail"],
    says: "GENERATION_ALREADY_SETTLED failed at version 2",
  },
  {
    takenOut: "the lock of the sweep",
    changes: [
      replace("public.refund_stuck_generations", "for no key update of p skip locked", ""),
    ],
    test: [RACES, "the sweep does not wait for a submission"],
    says: "must not wait for the first one's lock",
  },
  {
    takenOut: "all of these locks",
    changes: ["reserve", "submit", "release", "complete", "fail"].map(noLock),
    test: [STORM, "twelve sessions"],
    says: "error: PostgresError",
  },
  {
    takenOut: "the wait of `reserve_generation` for its lock (`skip locked`)",
    changes: [skips("reserve")],
    test: [RACES, "two deducts of one credit: the second wins"],
    says: "must wait for the first one's lock",
  },
  {
    takenOut: "the wait of `submit_generation` for its lock (`skip locked`)",
    changes: [skips("submit")],
    test: [RACES, "one key twice at once: the second goes ahead"],
    says: "must wait for the first one's lock",
  },
  {
    takenOut: "the weakness of the lock of `reserve_generation` (`for update`)",
    changes: [lock("reserve", " for update")],
    test: [RACES, "a row of the app's that refers to the profile does not wait"],
    says: "must not wait for the first one's lock",
  },
  ...each("the clock read after the lock, for a charge (`now()` instead)", [
    replace(
      "private.charge_generation",
      "v_now constant timestamptz := clock_timestamp()",
      "v_now constant timestamptz := now()",
    ),
  ], [
    [RACES, "what had to wait is not dated before", "no rate limit counts from"],
    [ISOLATION, "reserved: deduct", "is older than the one before"],
  ]),
  {
    takenOut: "the clock read after the lock, for a settlement (`now()` instead)",
    changes: [replace(
      "private.settle_generation",
      "v_now constant timestamptz := clock_timestamp()",
      "v_now constant timestamptz := now()",
    )],
    test: [RACES, "what had to wait is not dated before"],
    says: "+ 'generation.released'",
  },
  ...each("the status guard of `settle_generation`", [noStatusGuard], [
    [RACES, "a completion and a failure of one generation", "- 'GENERATION_ALREADY_SETTLED'"],
    [RACES, "a result behind the sweep is late", "- 'GENERATION_ALREADY_SETTLED'"],
    [RACES, "a failure and an operator's release", "account_events_refund_once"],
    [ISOLATION, "processing: fail", "account_events_refund_once"],
  ]),
  {
    takenOut: "the status guard and `account_events_refund_once`",
    changes: [noStatusGuard, drop("index", "public.account_events_refund_once")],
    test: [RACES, "a failure and an operator's release"],
    says: "- 'GENERATION_ALREADY_SETTLED'",
  },
  {
    takenOut: "the lease guard of `settle_generation`",
    changes: [replace(
      "private.settle_generation",
      "and (p_any_lease or lease_token is not distinct from p_lease_token)",
      "",
    )],
    test: [RACES, "a result without the lease is refused"],
    says: "- 'GENERATION_IN_PROGRESS'",
  },
  {
    takenOut: "the horizon, asked again by the sweep's update (`p_due_before`)",
    changes: [replace(
      "private.settle_generation",
      "and (p_due_before is null or least(deadline_at, lease_expires_at) < p_due_before)",
      "",
    )],
    test: [RACES, "the sweep waits for a heartbeat that it meets"],
    says: "- 'processing'",
  },
  {
    takenOut: "`skip locked` of the sweep",
    changes: [replace("public.refund_stuck_generations", " skip locked", "")],
    test: [RACES, "the sweep does not wait for a submission"],
    says: "must not wait for the first one's lock",
  },
  {
    takenOut: "the rate limit's check",
    changes: [replace("private.charge_generation", "if v_wait_seconds > 0 then", "if false then")],
    test: [RACES, "two deducts under a rate limit"],
    says: "- 'RATE_LIMITED'",
  },
  {
    takenOut: "the balance's check",
    changes: [noBalanceCheck],
    test: [RACES, "two deducts of one credit: the second waits and is refused"],
    says: "credits_not_negative",
  },
  {
    takenOut: "that check and `credits_not_negative`",
    changes: [noBalanceCheck, drop("constraint", "credits_not_negative")],
    test: [RACES, "two deducts of one credit: the second waits and is refused"],
    says: "- 'INSUFFICIENT_CREDITS'",
  },
  {
    takenOut: "the look for an earlier answer to the same key (`replay`)",
    changes: [noReplay],
    test: [RACES, "one key twice at once: the second waits"],
    says: "idempotency_keys_pkey",
  },
  {
    takenOut: "that look and `idempotency_keys_pkey`",
    changes: [noReplay, drop("constraint", "idempotency_keys_pkey")],
    test: [RACES, "one key twice at once: the second waits"],
    says: "+ undefined",
  },
];
