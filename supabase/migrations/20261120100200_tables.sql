-- edge-credits, 3 of 7: tables, with every illegal state as a named check, row level security and grants.
--
-- Nobody has DML grants: tables change only through the functions of the next files. Users select their own rows.

-- Few and small checks: Postgres parses the check expressions of a table anew for every statement that writes it. Text
-- with lists of words, 27 checks in all, was 88 µs of a reservation's 220; hence the enums, too. They watch over the
-- money: no balance below zero, no refund above its charge, none before the end, none twice.

-- The price list.
create table public.generation_types (
  slug text not null,
  cost integer not null,
  rate_limit_seconds integer not null default 0,
  timeout_seconds integer not null default 1800,
  reservation_seconds integer default 1800,
  refund_on_failure boolean not null default true,
  constraint generation_types_pkey primary key (slug),
  constraint slug_is_a_name check (slug ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  constraint cost_is_positive check (cost between 1 and 1000000),
  constraint rate_limit_not_negative check (rate_limit_seconds between 0 and 86400),
  constraint timeout_is_positive check (timeout_seconds between 1 and 86400),
  constraint reservation_is_positive check (reservation_seconds > 0)
);

comment on table public.generation_types is 'The price list: what a generation of each type costs, and its limits.';
comment on column public.generation_types.cost is 'Credits taken when a generation of this type is reserved.';
comment on column public.generation_types.rate_limit_seconds is
  'Seconds that must lie between the user''s last generation, of whatever type, and one of this type.';
comment on column public.generation_types.timeout_seconds is
  'Seconds after its submission at which an unfinished generation expires and is refunded.';
comment on column public.generation_types.reservation_seconds is
  'Seconds after which a reservation that nobody submitted comes back; null: it stands until submitted or released.';
comment on column public.generation_types.refund_on_failure is
  'Whether a failed generation gives its credits back; false: charged on attempt. An expired one always does.';

insert into public.generation_types (slug, cost, rate_limit_seconds) values ('image', 1, 10);

-- Adopted tables are already there, with our columns; new ones were made empty. Who signed up since the file before:
update public.profiles
set
  credits = coalesce(credits, (select signup_credits from private.settings)),
  version = coalesce(version, 1),
  created_at = coalesce(created_at, clock_timestamp())
where credits is null or version is null or created_at is null;

alter table public.profiles
  alter column credits set not null,
  alter column version set not null,
  alter column created_at set not null,
  alter column created_at set default clock_timestamp(),
  add constraint credits_not_negative check (credits >= 0);

comment on table public.profiles is
  'One row per user: the balance and the account''s version. Its row lock is the one lock of everything of that user.';
comment on column public.profiles.credits is 'The balance. Always the sum of the account''s event deltas.';
comment on column public.profiles.version is
  'Number of the account''s newest event: the validity of cached reads and the cursor of the event stream.';
comment on column public.profiles.last_generate_at is
  'When the user was last charged for a generation: what rate limits are measured from. A refund does not reset it.';
comment on column public.profiles.closed_at is 'When the auth user was deleted. A closed account takes no more writes.';

alter table public.generation_jobs
  alter column id set default gen_random_uuid(),
  alter column version set not null,
  alter column type set not null,
  alter column status set not null,
  alter column cost set not null,
  alter column refunded set not null,
  alter column refunded set default 0,
  alter column refund_on_failure set not null,
  alter column created_at set not null,
  alter column created_at set default clock_timestamp(),
  add constraint refund_not_above_cost check (refunded >= 0 and refunded <= cost),
  add constraint refunded_at_matches_status
    check ((refunded_at is null) = (refunded = 0) and (refunded = 0 or status > 'processing')),
  add constraint refunded_matches_status check (status < 'released' or refunded = cost),
  add constraint finished_at_matches_status check ((finished_at is null) = (status <= 'processing')),
  add constraint processing_has_a_deadline check (status <> 'processing' or deadline_at is not null);

do $$
begin
  if not exists (select from private.adoption_findings where finding = 'no profile has this user_id') then
    alter table public.generation_jobs alter column user_id set not null;
  end if;
end;
$$;

-- No foreign keys on what every charge writes. One to generation_types would lock a row that all users share. One to
-- profiles would lock again, at 8 µs each, the row whose lock the writer holds: rows come only from functions that hold
-- it, and a profile is never deleted (zz_keep_profile).

-- An account's list, newest first.
create unique index generation_jobs_of_user on public.generation_jobs (user_id, version desc);
-- Its reservations, as a submission claims them: the newest first. In an order of its own, so that whatever the statistics
-- say the planner does not look for one along the account's whole list.
create index generation_jobs_reserved on public.generation_jobs (user_id, created_at desc) where status = 'reserved';
-- The sweeper's queue, by the first moment at which a generation may be expired. finished_at says the same as the status
-- (finished_at_matches_status), but keeps the planner from this queue when it looks for an account's reservations.
create index generation_jobs_due on public.generation_jobs (least(deadline_at, lease_expires_at))
  where finished_at is null;

comment on table public.generation_jobs is
  'One row per generation, which is the hold on its credits. docs/database.md draws its states.';
comment on column public.generation_jobs.version is
  'The account''s version at which it was made: its place in the account''s list. Adopted rows have 0, -1, -2, ….';
comment on column public.generation_jobs.cost is 'Credits taken when it was made.';
comment on column public.generation_jobs.refunded is 'Credits of the cost that came back; at most once, when it was settled.';
comment on column public.generation_jobs.error is 'Why it failed or expired, as the code that the ledger has for it.';
comment on column public.generation_jobs.refund_on_failure is
  'As the type said when it was charged: a later change of the price list does not reach it.';
comment on column public.generation_jobs.deadline_at is
  'When the sweeper expires it: of a reservation its end (null: never), of a submitted one its timeout.';
comment on column public.generation_jobs.lease_token is
  'Held by the one worker that may complete or fail it, which takes the service role; null: no worker needs one.';
comment on column public.generation_jobs.lease_expires_at is
  'Extended by the worker''s heartbeat; once it has passed, the sweeper takes the worker for dead.';
comment on column public.generation_jobs.late_result_at is 'When a result came after it had been settled; it was refused.';

create table public.generation_results (
  generation_id uuid not null,
  user_id uuid not null,
  result jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint generation_results_pkey primary key (generation_id),
  constraint result_belongs_to_a_generation foreign key (generation_id) references public.generation_jobs (id)
);
create index generation_results_of_user on public.generation_results (user_id);

comment on table public.generation_results is 'What a generation gave; apart from generation_jobs, so that lists stay light.';

-- The ledger.
create table public.account_events (
  user_id uuid not null,
  version bigint not null,
  type public.account_event_type not null,
  delta integer not null,
  balance integer not null,
  reason text not null,
  actor text not null,
  generation_id uuid,
  created_at timestamptz not null,
  -- No checks: rows come from append_event alone, and two small ones were 4 % of a charge. Its balance is the profile's,
  -- which credits_not_negative watches over.
  constraint account_events_pkey primary key (user_id, version)
);
-- Nothing comes back twice.
create unique index account_events_refund_once on public.account_events (generation_id) where delta > 0;

comment on table public.account_events is
  'The ledger: append-only, one row per event, gap-free and in commit order. The sum of deltas is the balance, always.';
comment on column public.account_events.version is 'The account''s version after the event.';
comment on column public.account_events.delta is 'Credits: negative for a charge, positive for a grant or a refund, 0 otherwise.';
comment on column public.account_events.balance is 'The balance after the event.';
comment on column public.account_events.reason is 'Why, as a code or in an operator''s words.';
comment on column public.account_events.actor is 'Who: user, worker, operator, sweeper, system, or sql:<role> for a direct write.';

-- The answer to a request with an Idempotency-Key, kept for ever: a late retry can still never charge twice.
create table private.idempotency_keys (
  user_id uuid not null,
  operation text not null,
  key text not null,
  request_hash bytea not null,
  response jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint idempotency_keys_pkey primary key (user_id, operation, key),
  constraint key_is_well_formed check (key ~ '^[A-Za-z0-9_:.-]{1,255}$')
);

comment on table private.idempotency_keys is 'First answers by user, operation and key, written in the transaction that they tell of.';

-- Topics of an app's own notifications, declared by the app.
create table public.topics (
  name text not null,
  audience text not null default 'authenticated',
  constraint topics_pkey primary key (name),
  constraint name_is_a_topic check (name ~ '^[a-z0-9][a-z0-9_.-]{0,62}$' and name <> 'account'),
  constraint audience_is_valid check (audience in ('authenticated'))
);

comment on table public.topics is 'Topics that an app notifies its users of: a declared row each.';
comment on column public.topics.audience is 'Who may listen: authenticated, every signed-in user.';

alter table public.generation_types enable row level security;
alter table public.profiles enable row level security;
alter table public.generation_jobs enable row level security;
alter table public.generation_results enable row level security;
alter table public.account_events enable row level security;
alter table public.topics enable row level security;
alter table private.idempotency_keys enable row level security;

create policy "edge-credits: users read their own profile" on public.profiles
  for select to authenticated using ((select auth.uid()) = id);
create policy "edge-credits: users read their own generations" on public.generation_jobs
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "edge-credits: users read their own results" on public.generation_results
  for select to authenticated using ((select auth.uid()) = user_id);
create policy "edge-credits: users read their own events" on public.account_events
  for select to authenticated using ((select auth.uid()) = user_id);

-- profiles and generation_jobs had theirs revoked when they were made or adopted.
revoke all on
  public.generation_results, public.account_events, public.generation_types, public.topics, private.idempotency_keys
from public, anon, authenticated, service_role;

grant select on public.profiles, public.generation_jobs, public.generation_results, public.account_events
to authenticated, service_role;
grant select on public.generation_types, public.topics to service_role;
