-- The same events as private messages of Supabase Realtime Broadcast, where it is: a hint to read, whose losses do not matter.

alter table private.settings add column realtime boolean not null default true;
comment on column private.settings.realtime is
  'Whether events go out by Supabase Realtime, too, where it is. Setting it connects or disconnects.';

-- Sends one private message, within the writer's transaction, so that a rollback sends nothing; and whatever goes wrong here
-- stays here, and no lock there is waited for long. The lock of the writer was taken outside, and is kept.
create function private.broadcast(p_event text, p_topic text, p_payload jsonb)
returns void
language plpgsql
set search_path = ''
set lock_timeout = '100ms'
as $$
declare
  v_error text;
begin
  perform realtime.send(p_payload, p_event, p_topic, true);
exception
  -- Not query_canceled: who cancels the writer means the writer.
  when assert_failure or others then
    get stacked diagnostics v_error = message_text;
    raise warning 'edge-credits: an event was not broadcast: %', v_error;
end;
$$;

create function private.broadcast_event()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.broadcast(
    'account', 'account:' || new.user_id,
    jsonb_build_object(
      'user_id', new.user_id, 'epoch', (select epoch from private.settings), 'version', new.version, 'type', new.type,
      'delta', new.delta, 'balance', new.balance, 'reason', new.reason, 'actor', new.actor,
      'generation_id', new.generation_id, 'created_at', new.created_at
    )
  );
  return null;
end;
$$;

create function private.broadcast_notification()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.broadcast('notification', 'topic:' || new.topic, to_jsonb(new));
  return null;
end;
$$;

-- Connects the ledger and the topics with Supabase Realtime: the triggers that send, and the policies that let a user receive
-- the own account and the topics that the user may listen to; or disconnects them, where the setting says so. To be called
-- again at any time, as when Realtime came later. Answers what it did, or why it could not.
create function private.connect_realtime()
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_error text;
begin
  if not (select realtime from private.settings) then
    drop trigger if exists zz_broadcast_event on public.account_events;
    drop trigger if exists zz_broadcast_notification on public.topic_notifications;
    return 'not connected: private.settings.realtime is off';
  end if;
  if to_regprocedure('realtime.send(jsonb,text,text,boolean)') is null then
    return 'not connected: there is no realtime.send';
  end if;
  begin
    drop policy if exists "edge-credits: users receive their own account" on realtime.messages;
    create policy "edge-credits: users receive their own account" on realtime.messages
      for select to authenticated using (
        extension = 'broadcast' and (select realtime.topic()) = 'account:' || (select auth.uid())
      );
    drop policy if exists "edge-credits: listeners receive their topics" on realtime.messages;
    create policy "edge-credits: listeners receive their topics" on realtime.messages
      for select to authenticated using (
        -- As far as the policy of topics shows them.
        extension = 'broadcast' and (select realtime.topic()) in (select 'topic:' || name from public.topics)
      );
    create or replace trigger zz_broadcast_event after insert on public.account_events
      for each row execute function private.broadcast_event();
    create or replace trigger zz_broadcast_notification after insert on public.topic_notifications
      for each row execute function private.broadcast_notification();
  exception
    when others then
      get stacked diagnostics v_error = message_text;
      raise notice 'edge-credits: Supabase Realtime is not connected (%). See docs/realtime.md', v_error;
      return 'not connected: ' || v_error;
  end;
  return 'connected';
end;
$$;

comment on function private.connect_realtime() is
  'Connects events with Supabase Realtime Broadcast, or disconnects them; can be run again. Answers what it did, or why it could not.';

create function private.follow_realtime_setting()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise notice 'edge-credits: Supabase Realtime: %', private.connect_realtime();
  return null;
end;
$$;

revoke all on function private.broadcast(text, text, jsonb) from public, anon, authenticated, service_role;
revoke all on function private.broadcast_event() from public, anon, authenticated, service_role;
revoke all on function private.broadcast_notification() from public, anon, authenticated, service_role;
revoke all on function private.connect_realtime() from public, anon, authenticated, service_role;
revoke all on function private.follow_realtime_setting() from public, anon, authenticated, service_role;

create trigger follow_realtime_setting after update on private.settings
  for each row
  when (new.realtime <> old.realtime)
  execute function private.follow_realtime_setting();

select private.connect_realtime();
