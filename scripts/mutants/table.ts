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
const CONTENTION = "tests/races/contention_test.ts";
const BACKENDS = "tests/kills/backend_test.ts";
const SWEEPER = "tests/kills/sweeper_test.ts";
const ISOLATION = "tests/isolation/isolation_test.ts";
const NOTIFICATIONS = "tests/races/notifications_test.ts";

/** The lock of one function, written otherwise. */
const lock = (name: string, by: string): Change =>
  replace(`public.${name}_generation`, " for no key update;", `${by};`);
const noLock = (name: string): Change => lock(name, "");
const skips = (name: string): Change => lock(name, " for no key update skip locked");

const noStatusGuard = replace("private.settle_generation", "and status <= p_up_to", "");
const noRefundOnce = drop("index", "public.account_events_refund_once");
const SWEEP_LOCK = "for no key update of p, j skip locked";
const sweepLock = (by: string): Change => replace("private.lock_due_generations", SWEEP_LOCK, by);
const READ_LOCK = "closed_at is null for no key update skip locked";
const readLock = (by: string): Change =>
  replace("public.expire_overdue_generations", READ_LOCK, `closed_at is null${by}`);
/** Both ask whether a generation that they could not expire has its turn again. */
const turn = (now: string) =>
  `and coalesce((select f.retry_at <= ${now} from private.sweep_failures f where f.generation_id = j.id), true)`;
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
  ...each("the locks of the sweep", [sweepLock("")], [
    [RACES, "the sweep does not wait for a submission", "must not wait for the first one's lock"],
    [RACES, "a sweep and a read of one", "must not wait for the first one's lock"],
  ]),
  {
    takenOut: "the sweep's lock of the generation",
    changes: [sweepLock("for no key update of p skip locked")],
    test: [RACES, "the sweep passes by a generation whose heartbeat"],
    says: "must not wait for the first one's lock",
  },
  {
    takenOut: "the lock of a read that expires",
    changes: [readLock("")],
    test: [RACES, "a read expires nothing of an account"],
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
    [CONTENTION, "two sweepers", "were not settled exactly once"],
  ]),
  ...each("the status guard and `account_events_refund_once`", [noStatusGuard, noRefundOnce], [
    [RACES, "a failure and an operator's release", "- 'GENERATION_ALREADY_SETTLED'"],
    [CONTENTION, "two sweepers", "were not settled exactly once"],
  ]),
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
    takenOut: "the status guard of the update that expires",
    changes: [replace("private.expire_batch", "and status <= 'processing'", "")],
    test: [RACES, "an expiry that had to wait for a result"],
    says: "- 'completed'",
  },
  {
    takenOut: "the horizon, asked again by the update that expires (`p_due_before`)",
    changes: [replace(
      "private.expire_batch",
      "and least(deadline_at, lease_expires_at) < p_due_before\n    returning",
      "returning",
    )],
    test: [RACES, "an expiry that had to wait for a heartbeat"],
    says: "- 'processing'",
  },
  {
    takenOut: "`skip locked` of the sweep",
    changes: [sweepLock("for no key update of p, j")],
    test: [RACES, "the sweep does not wait for a submission"],
    says: "must not wait for the first one's lock",
  },
  {
    takenOut: "`skip locked` of a read that expires",
    changes: [readLock(" for no key update")],
    test: [RACES, "a read expires nothing of an account"],
    says: "must not wait for the first one's lock",
  },
  {
    takenOut: "`skip locked` of that read, for the generations",
    changes: [replace(
      "public.expire_overdue_generations",
      "for no key update of j skip locked",
      "for no key update of j",
    )],
    test: [RACES, "a read passes by a generation whose heartbeat"],
    says: "must not wait for the first one's lock",
  },
  {
    takenOut: "the sweep's turning away from what has failed (`sweep_failures`)",
    changes: [replace(
      "private.lock_due_generations",
      turn("p_due_before"),
      "",
    )],
    test: [RACES, "a generation that always fails to expire"],
    says: "0 !== 1",
  },
  {
    takenOut: "a read's turning away from what has failed",
    changes: [replace(
      "public.expire_overdue_generations",
      turn("v_now"),
      "",
    )],
    test: [RACES, "a generation that always fails to expire"],
    says: "nor does each read try it again",
  },
  {
    takenOut: "the block around each expiry (its `exception` clause)",
    changes: [
      replace(
        "private.expire_generations",
        "when assert_failure or others then",
        "when division_by_zero then",
      ),
    ],
    test: [RACES, "a generation that always fails to expire"],
    says: "never this one",
  },
  {
    takenOut: "the token guard of `hand_over_generation`",
    changes: [replace("public.hand_over_generation", "and lease_token = p_lease_token", "")],
    test: [RACES, "nobody hands over a generation without its lease"],
    says: "must not wait for the first one's lock",
  },
  {
    takenOut: "that guard and the one of its status",
    changes: [replace(
      "public.hand_over_generation",
      "and status = 'processing' and lease_token = p_lease_token",
      "",
    )],
    test: [RACES, "a hand-over behind the sweep"],
    says: "- 'GENERATION_NOT_FOUND'",
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
    takenOut: "the `commit` between the batches of the schedule's sweep",
    changes: [replace(
      "private.schedule_jobs",
      "(v_answer -> 'run')::bigint);\n    commit;",
      "(v_answer -> 'run')::bigint);",
    )],
    test: [SWEEPER, "a sweeper that is ended"],
    says: "batch 2 comes to its run",
  },
  ...each("the look for an earlier answer to the same key (`replay`)", [noReplay], [
    [RACES, "one key twice at once: the second waits", "idempotency_keys_pkey"],
    [BACKENDS, "a backend that is ended", "idempotency_keys_pkey"],
  ]),
  {
    takenOut: "that look and `idempotency_keys_pkey`",
    changes: [noReplay, drop("constraint", "idempotency_keys_pkey")],
    test: [RACES, "one key twice at once: the second waits"],
    says: "+ undefined",
  },
  ...each("the lock of `publish_notification`", [
    replace("public.publish_notification", " for no key update;", ";"),
  ], [
    [NOTIFICATIONS, "64 publishers at once", "and was stored all the same"],
    [
      NOTIFICATIONS,
      "two publishers of one status: the second waits",
      "the second repeats the first",
    ],
  ]),
  {
    takenOut: "the wait of `publish_notification` for its lock (`skip locked`)",
    changes: [
      replace(
        "public.publish_notification",
        " for no key update;",
        " for no key update skip locked;",
      ),
    ],
    test: [NOTIFICATIONS, "two publishers of one status: the second is the news"],
    says: "must wait for the first one's lock",
  },
  {
    takenOut: "the clock read after that lock (`now()` instead)",
    changes: [
      replace("public.publish_notification", "v_now := clock_timestamp();", "v_now := now();"),
    ],
    test: [NOTIFICATIONS, "64 publishers at once"],
    says: "is dated before the one that it follows",
  },
  {
    takenOut: "the restraint of `trim_notifications`, which locks no topic",
    changes: [replace(
      "private.trim_notifications",
      "days => t.retention_days)\n    limit p_limit",
      "days => t.retention_days)\n    limit p_limit for no key update of t",
    )],
    test: [NOTIFICATIONS, "a trim and a publisher"],
    says: "must not wait for the first one's lock",
  },
];
