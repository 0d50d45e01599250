-- What the event stream asks: a snapshot to begin with, and then, for all streams of a worker at once, what came after.

-- Where a stream begins: the account, the topics with their rule and newest notifications, and what the user wants of them, all
-- of one snapshot. p_with_newest: whether with the newest notifications of each topic, private.settings.newest_notifications.
-- Answers {success, credits, version, epoch, last_generate_at, topics: {<name>: {version, rule: {audience, owner_id, role},
-- preferences: {muted, min_interval_seconds}, newest: [notification, oldest first]}}}, or refuses with PROFILE_NOT_FOUND or
-- UNKNOWN_TOPIC. A notification is {topic, id, kind, subject, status, payload, created_at}.
create function public.open_stream(p_user_id uuid, p_topics text[] default '{}', p_with_newest boolean default true)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  c_max_bytes constant integer := 65536; -- of one topic's payloads: a worker has many listeners and little memory
  v_head constant jsonb := private.begin_view(p_user_id, null);
  v_unknown text;
  v_topics jsonb;
begin
  if private.view_is_done(v_head) then
    return v_head;
  end if;
  select asked.name into v_unknown
  from unnest(p_topics) asked (name)
  where not exists (select from public.topics t where t.name = asked.name)
  limit 1;
  if found then
    return private.refusal('UNKNOWN_TOPIC', format('There is no topic %s', v_unknown));
  end if;
  select jsonb_object_agg(t.name, jsonb_build_object(
    'version', t.version,
    'rule', jsonb_build_object('audience', t.audience, 'owner_id', t.owner_id, 'role', t.role),
    'preferences', jsonb_build_object(
      'muted', coalesce(p.muted, false), 'min_interval_seconds', coalesce(p.min_interval_seconds, 0)
    ),
    'newest', (
      select coalesce(jsonb_agg(to_jsonb(n) order by n.id), '[]')
      from (
        select topic, id, kind, subject, status, payload, created_at
        from (
          select *, sum(octet_length(payload::text)) over (order by id desc) - octet_length(payload::text) as bytes_before
          from public.topic_notifications
          where topic = t.name
          order by id desc
          limit case when p_with_newest then (select newest_notifications from private.settings) else 0 end
        ) newest
        where bytes_before < c_max_bytes
      ) n
    )
  ))
  into v_topics
  from public.topics t
  left join public.topic_preferences p on p.user_id = p_user_id and p.topic = t.name
  where t.name = any (p_topics);
  return (v_head - 'overdue')
    || jsonb_build_object('topics', coalesce(v_topics, '{}'))
    || (select jsonb_build_object('last_generate_at', last_generate_at) from public.profiles where id = p_user_id);
end;
$$;

-- What came after: for each account its events after the version, for each topic its notifications after the id, p_limit of
-- each at most and 64 KiB of a topic's payloads, oldest first: there is more where the last is not yet the version. Arrays in pairs: p_users with p_versions, p_topics with p_ids. An account that is where the caller
-- knows it is not in the answer; a topic always is, unless it is gone, since its rule may have changed.
-- Answers {success, epoch, accounts: [{user_id, version, events}], topics: [{name, version, rule, notifications}]}.
create function public.poll_events(
  p_users uuid[],
  p_versions bigint[],
  p_topics text[] default '{}',
  p_ids bigint[] default '{}',
  p_limit integer default 200
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set statement_timeout = '5s'
as $$
declare
  c_max_bytes constant integer := 65536; -- of one topic's payloads, and one more: a page may be short of p_limit
begin
  return jsonb_build_object(
    'success', true,
    'epoch', (select epoch from private.settings),
    'accounts', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'user_id', known.user_id,
        'version', p.version,
        'events', (
          select coalesce(jsonb_agg(to_jsonb(e) order by e.version), '[]')
          from (
            select version, type, delta, balance, reason, actor, generation_id, created_at
            from public.account_events
            where user_id = known.user_id and version > known.version
            order by version
            limit p_limit
          ) e
        )
      )), '[]')
      from unnest(p_users, p_versions) known (user_id, version)
      join public.profiles p on p.id = known.user_id and p.version <> known.version
    ),
    'topics', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'name', t.name,
        'version', t.version,
        'rule', jsonb_build_object('audience', t.audience, 'owner_id', t.owner_id, 'role', t.role),
        'notifications', case
          when t.version = known.id then '[]'
          else (
            select coalesce(jsonb_agg(to_jsonb(n) order by n.id), '[]')
            from (
              select topic, id, kind, subject, status, payload, created_at
              from (
                select *, sum(octet_length(payload::text)) over (order by id) - octet_length(payload::text) as bytes_before
                from public.topic_notifications
                where topic = t.name and id > known.id
                order by id
                limit p_limit
              ) next
              where bytes_before < c_max_bytes
            ) n
          )
        end
      )), '[]')
      from unnest(p_topics, p_ids) known (name, id)
      join public.topics t on t.name = known.name
    )
  );
end;
$$;

comment on function public.open_stream(uuid, text[], boolean) is 'Where an event stream begins: a snapshot of account and topics.';
comment on function public.poll_events(uuid[], bigint[], text[], bigint[], integer) is
  'What came after, for all event streams of a worker at once.';

revoke all on function
  public.open_stream(uuid, text[], boolean),
  public.poll_events(uuid[], bigint[], text[], bigint[], integer)
from public, anon, authenticated;
grant execute on function
  public.open_stream(uuid, text[], boolean),
  public.poll_events(uuid[], bigint[], text[], bigint[], integer)
to service_role;
