-- An app's own notifications, on declared topics. docs/events.md has the promise and the protocol.
--
-- The row of a topic is its lock, its counter and its rule of who may listen. Where a transaction locks both, a user's profile
-- comes first, then topics by name.

alter table public.topics
  add column version bigint not null default 0,
  add column owner_id uuid,
  add column role text,
  add column dedup_seconds numeric not null default 2,
  add column retention_days integer not null default 30,
  drop constraint audience_is_valid,
  add constraint audience_is_valid check (
    case audience
      when 'authenticated' then owner_id is null and role is null
      when 'owner' then owner_id is not null and role is null
      when 'role' then owner_id is null and role is not null
      else false
    end
  ),
  add constraint dedup_not_negative check (dedup_seconds between 0 and 3600),
  add constraint retention_is_positive check (retention_days between 1 and 3650);

comment on column public.topics.audience is
  'Who may listen: authenticated, every signed-in user; owner, the user owner_id; role, users with that role claim.';
comment on column public.topics.version is 'Number of its newest notification.';
comment on column public.topics.role is
  'What a listener''s token must have as user_role or, without one, as role in app_metadata.';
comment on column public.topics.dedup_seconds is
  'A notification is a duplicate when its subject''s newest one has the same status and is not older than this.';
comment on column public.topics.retention_days is 'How long notifications are kept; a client that was away longer is told to start anew.';

alter table private.settings
  add column newest_notifications integer not null default 50,
  add constraint newest_notifications_is_bounded check (newest_notifications between 0 and 500);
comment on column private.settings.newest_notifications is
  'How many of a topic''s notifications, the newest, a listener gets who just arrives.';

create table public.topic_notifications (
  topic text not null,
  id bigint not null,
  kind text not null,
  subject text not null,
  status text not null,
  payload jsonb not null,
  created_at timestamptz not null,
  constraint topic_notifications_pkey primary key (topic, id),
  constraint notification_belongs_to_a_topic foreign key (topic) references public.topics (name) on delete cascade
);
-- A subject's newest.
create index topic_notifications_of_subject on public.topic_notifications (topic, subject, id desc);

comment on table public.topic_notifications is 'Notifications by topic, numbered without a gap in commit order.';

create table public.topic_preferences (
  user_id uuid not null,
  topic text not null,
  muted boolean not null,
  min_interval_seconds integer not null,
  updated_at timestamptz not null,
  constraint topic_preferences_pkey primary key (user_id, topic),
  constraint min_interval_not_negative check (min_interval_seconds between 0 and 86400)
);

comment on table public.topic_preferences is
  'What a user wants of a topic. No row: everything, at once. It outlives its topic: nothing but its user moves the version by which it is read.';
comment on column public.topic_preferences.min_interval_seconds is
  'At most one notification in so many seconds, the newest; 0: all.';

-- Numbers are never given twice, or a client that was away while its topic was deleted and made anew would miss what came first.
create table private.former_topics (
  name text not null,
  version bigint not null,
  constraint former_topics_pkey primary key (name)
);
comment on table private.former_topics is 'How far topics had come that were deleted: one of the same name goes on from there.';
alter table private.former_topics enable row level security;
revoke all on private.former_topics from public, anon, authenticated, service_role;

create function private.keep_topic_numbers()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    insert into private.former_topics (name, version) values (old.name, old.version)
    on conflict (name) do update set version = greatest(private.former_topics.version, excluded.version);
    delete from private.idempotency_keys
    where user_id = '00000000-0000-0000-0000-000000000000' and operation = 'publish ' || old.name;
    return old;
  end if;
  new.version := coalesce((select version from private.former_topics where name = new.name), 0);
  return new;
end;
$$;
revoke all on function private.keep_topic_numbers() from public, anon, authenticated, service_role;

create trigger keep_topic_numbers before insert or delete on public.topics
  for each row execute function private.keep_topic_numbers();

alter table public.topic_notifications enable row level security;
alter table public.topic_preferences enable row level security;
revoke all on public.topic_notifications, public.topic_preferences from public, anon, authenticated, service_role;
grant select on public.topic_notifications, public.topic_preferences to authenticated, service_role;
grant select on public.topics to authenticated;

-- The rule of who may listen, for what reads the tables itself: PostgREST, and the policies of Supabase Realtime. The stream
-- asks the same of its caller's claims.
create policy "edge-credits: listeners see their topics" on public.topics
  for select to authenticated using (
    case audience
      when 'authenticated' then true
      when 'owner' then owner_id = (select auth.uid())
      else role = coalesce(
        (select auth.jwt()) ->> 'user_role', (select auth.jwt()) -> 'app_metadata' ->> 'role'
      )
    end
  );
create policy "edge-credits: listeners read their topics' notifications" on public.topic_notifications
  for select to authenticated using (topic in (select name from public.topics));
create policy "edge-credits: users read their own preferences" on public.topic_preferences
  for select to authenticated using ((select auth.uid()) = user_id);

-- Publishes one notification in the caller's transaction. Locks the topic: publishers on one come one after the other, and
-- the duplicate is decided under that lock. p_subject is what it is about, such as an order; p_status its new state.
-- Answers {success, published, id}; published is false for a duplicate, and id then that of the one it repeats. Refuses with
-- UNKNOWN_TOPIC or INVALID_REQUEST.
create function public.publish_notification(
  p_topic text,
  p_kind text,
  p_subject text,
  p_status text,
  p_payload jsonb default '{}',
  p_idempotency_key text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '5s'
set statement_timeout = '10s'
as $$
declare
  c_max_length constant integer := 200; -- of what an index has to hold
  c_max_payload_bytes constant integer := 32768;
  v_request constant jsonb := jsonb_build_object(
    'kind', p_kind, 'subject', p_subject, 'status', p_status, 'payload', p_payload
  );
  v_nobody public.profiles; -- keys of a topic are nobody's: they lie under the nil UUID
  v_topic public.topics;
  v_latest public.topic_notifications;
  v_now timestamptz;
  v_answer jsonb;
begin
  if p_kind is null or p_kind = '' or p_subject is null or p_subject = '' or p_status is null or p_status = '' then
    return private.refusal('INVALID_REQUEST', 'A notification has a kind, a subject and a status');
  end if;
  if length(p_kind) > c_max_length or length(p_subject) > c_max_length or length(p_status) > c_max_length then
    return private.refusal('INVALID_REQUEST', format('Kind, subject and status are at most %s characters', c_max_length));
  end if;
  if octet_length(coalesce(p_payload, '{}')::text) > c_max_payload_bytes then
    return private.refusal('INVALID_REQUEST', format('A payload is at most %s bytes', c_max_payload_bytes));
  end if;
  select * into v_topic from public.topics where name = p_topic for no key update;
  if not found then
    return private.refusal('UNKNOWN_TOPIC', format('There is no topic %s', p_topic));
  end if;
  if p_idempotency_key is not null then
    v_nobody.id := '00000000-0000-0000-0000-000000000000';
    v_answer := private.replay(v_nobody, 'publish ' || p_topic, p_idempotency_key, v_request);
    if v_answer is not null then
      return v_answer - '{credits,version,epoch}'::text[];
    end if;
  end if;

  v_now := clock_timestamp();
  select * into v_latest
  from public.topic_notifications
  where topic = p_topic and subject = p_subject
  order by id desc
  limit 1;
  if v_latest.status = p_status and v_latest.created_at > v_now - make_interval(secs => v_topic.dedup_seconds::float8) then
    v_answer := jsonb_build_object('success', true, 'published', false, 'id', v_latest.id);
  else
    update public.topics set version = version + 1 where name = p_topic returning * into strict v_topic;
    insert into public.topic_notifications (topic, id, kind, subject, status, payload, created_at)
    values (p_topic, v_topic.version, p_kind, p_subject, p_status, coalesce(p_payload, '{}'), v_now);
    v_answer := jsonb_build_object('success', true, 'published', true, 'id', v_topic.version);
  end if;
  if p_idempotency_key is not null then
    perform private.remember(v_nobody.id, 'publish ' || p_topic, p_idempotency_key, v_request, v_answer);
  end if;
  return v_answer;
end;
$$;

-- What a user wants of a topic, as a view.
-- Answers what every view begins with, and {topic, muted, min_interval_seconds}; or refuses with UNKNOWN_TOPIC, too.
create function public.get_preferences(p_user_id uuid, p_topic text, p_known text default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  v_head constant jsonb := private.begin_view(p_user_id, p_known);
  v_preferences jsonb;
begin
  if v_head ? 'error' then
    return v_head;
  end if;
  -- First: that a topic is gone moves nobody's version.
  if not exists (select from public.topics where name = p_topic) then
    return (v_head - '{overdue,unchanged}'::text[])
      || private.refusal('UNKNOWN_TOPIC', format('There is no topic %s', p_topic));
  end if;
  if v_head ? 'unchanged' then
    return v_head;
  end if;
  select jsonb_build_object('muted', muted, 'min_interval_seconds', min_interval_seconds) into v_preferences
  from public.topic_preferences
  where user_id = p_user_id and topic = p_topic;
  return v_head || coalesce(v_preferences, '{"muted": false, "min_interval_seconds": 0}') || jsonb_build_object('topic', p_topic);
end;
$$;

-- Sets what a user wants of a topic. Locks the profile; open streams learn it from the event.
-- Answers {success, topic, muted, min_interval_seconds, credits, version, epoch}, or refuses with PROFILE_NOT_FOUND,
-- UNKNOWN_TOPIC or INVALID_REQUEST.
create function public.set_preferences(
  p_user_id uuid,
  p_topic text,
  p_muted boolean,
  p_min_interval_seconds integer,
  p_idempotency_key text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
declare
  v_request constant jsonb := jsonb_build_object(
    'topic', p_topic, 'muted', p_muted, 'min_interval_seconds', p_min_interval_seconds
  );
  v_profile public.profiles;
  v_answer jsonb;
begin
  if p_muted is null or p_min_interval_seconds is null or p_min_interval_seconds not between 0 and 86400 then
    return private.refusal('INVALID_REQUEST', 'Preferences are muted, and min_interval_seconds from 0 to 86400');
  end if;
  select * into v_profile from public.profiles where id = p_user_id and closed_at is null for no key update;
  if not found then
    return private.profile_not_found();
  end if;
  if p_idempotency_key is not null then
    v_answer := private.replay(v_profile, 'preferences', p_idempotency_key, v_request);
    if v_answer is not null then
      return v_answer;
    end if;
  end if;
  if not exists (select from public.topics where name = p_topic) then
    return private.refusal('UNKNOWN_TOPIC', format('There is no topic %s', p_topic), v_profile);
  end if;

  insert into public.topic_preferences (user_id, topic, muted, min_interval_seconds, updated_at)
  values (p_user_id, p_topic, p_muted, p_min_interval_seconds, clock_timestamp())
  on conflict (user_id, topic) do update
  set muted = excluded.muted, min_interval_seconds = excluded.min_interval_seconds, updated_at = excluded.updated_at;
  v_profile := private.append_event(
    p_user_id, 'account.changed', 0, 'notification_preferences', 'user', null, clock_timestamp()
  );
  v_answer := private.success(v_profile, v_request);
  if p_idempotency_key is not null then
    perform private.remember(p_user_id, 'preferences', p_idempotency_key, v_request, v_answer);
  end if;
  return v_answer;
end;
$$;

-- Deletes notifications older than their topic keeps, at most p_limit, the oldest of each topic first. Takes no lock that a publisher waits for.
-- Answers how many.
create function private.trim_notifications(p_limit integer default 10000)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_trimmed integer;
begin
  delete from public.topic_notifications
  where (topic, id) in (
    -- Only the oldest are looked at: by id and by time, the order is the same, that of the lock.
    select n.topic, n.id
    from public.topics t
    cross join lateral (
      select topic, id, created_at
      from public.topic_notifications
      where topic = t.name
        -- Asked once for each topic, so that one with nothing to trim costs one row.
        and (select o.created_at from public.topic_notifications o where o.topic = t.name order by o.id limit 1)
          < clock_timestamp() - make_interval(days => t.retention_days)
      order by id
      limit p_limit
    ) n
    where n.created_at < clock_timestamp() - make_interval(days => t.retention_days)
    limit p_limit
  );
  get diagnostics v_trimmed = row_count;
  return v_trimmed;
end;
$$;

comment on function public.publish_notification(text, text, text, text, jsonb, text) is
  'Publishes a notification on a topic, in the caller''s transaction; duplicates are dropped.';
comment on function public.get_preferences(uuid, text, text) is 'What a user wants of a topic.';
comment on function public.set_preferences(uuid, text, boolean, integer, text) is 'Sets what a user wants of a topic.';

revoke all on function private.trim_notifications(integer) from public, anon, authenticated, service_role;
revoke all on function
  public.publish_notification(text, text, text, text, jsonb, text),
  public.get_preferences(uuid, text, text),
  public.set_preferences(uuid, text, boolean, integer, text)
from public, anon, authenticated;
grant execute on function
  public.publish_notification(text, text, text, text, jsonb, text),
  public.get_preferences(uuid, text, text),
  public.set_preferences(uuid, text, boolean, integer, text)
to service_role;
