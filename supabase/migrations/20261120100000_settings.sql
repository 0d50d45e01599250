-- edge-credits, 1 of 7: settings and types.
--
-- A tour of the whole, since it is read from here.
--
--   profiles          one row per user: the balance, and `version`, which goes up by one with every event
--   account_events    the ledger: append-only, one row per (user, version), gap-free and in commit order
--   generation_jobs   a generation *is* the hold on its credits; its status is the state machine
--   generation_types  the price list
--
-- Every change of a user's rows first locks that user's profile (`for no key update`: plain `for update` would
-- block foreign-key inserts), then reads the clock, decides, and goes through private.append_event, the one place
-- that moves a balance. One lock, always first: nothing to order, no deadlock, and no write of one user ever
-- touches a row of another, so the whole can be sharded by user.
--
-- Functions answer business outcomes as one jsonb, {"success": true, …} or {"success": false, "error": CODE,
-- "message": …}; they raise only for a bug or an outage. docs/database.md has the drawing.

create schema if not exists private;

create type public.generation_status as enum ('reserved', 'processing', 'completed', 'failed', 'released', 'expired');
create type public.account_event_type as enum (
  'account.opened', 'account.closed', 'credit.granted', 'credit.adjusted', 'generation.reserved', 'generation.submitted',
  'generation.completed', 'generation.failed', 'generation.released', 'generation.expired', 'generation.late_result'
);
comment on type public.generation_status is
  'The states of a generation, unsettled ones first: what is greater than processing is settled.';
comment on type public.account_event_type is 'What happened to an account.';

create table private.settings (
  singleton boolean not null default true,
  epoch bigint not null default (extract(epoch from clock_timestamp()) * 1000)::bigint,
  default_type text not null default 'image',
  signup_credits integer not null default 10,
  anonymous_signup_credits integer not null default 0,
  direct_writes text not null default 'refuse',
  constraint settings_pkey primary key (singleton),
  constraint settings_is_one_row check (singleton),
  constraint epoch_is_positive check (epoch > 0),
  constraint signup_credits_not_negative check (signup_credits >= 0),
  constraint anonymous_signup_credits_not_negative check (anonymous_signup_credits >= 0),
  constraint direct_writes_is_valid check (direct_writes in ('refuse', 'record'))
);

comment on table private.settings is
  'One row. Change it with update private.settings set …; every function reads it anew.';
comment on column private.settings.epoch is
  'Unix milliseconds of the last rotate_epoch(). Versions compare within an epoch; the greater epoch wins.';
comment on column private.settings.default_type is
  'The generation type that is meant where a request names none.';
comment on column private.settings.signup_credits is 'Credits that a new account opens with.';
comment on column private.settings.anonymous_signup_credits is
  'Credits that the account of an anonymous sign-in opens with; the rest follows when it becomes permanent.';
comment on column private.settings.direct_writes is
  'What happens to update profiles set credits = …: refuse raises; record lets it pass as a credit.adjusted event.';

alter table private.settings enable row level security;
revoke all on private.settings from public, anon, authenticated, service_role;

insert into private.settings default values;

-- Promises an epoch greater than every one before it, on this database or on the one that its backup was taken
-- from: to be called after a restore, which takes versions back while clients remember the newer ones.
create function public.rotate_epoch()
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
as $$
declare
  v_epoch bigint;
begin
  update private.settings
  set epoch = greatest(epoch + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint)
  returning epoch into v_epoch;
  return jsonb_build_object('success', true, 'epoch', v_epoch);
end;
$$;

comment on function public.rotate_epoch() is
  'Starts a new epoch, after a restore from a backup. Answers {success, epoch}.';

revoke all on function public.rotate_epoch() from public, anon, authenticated;
grant execute on function public.rotate_epoch() to service_role;
