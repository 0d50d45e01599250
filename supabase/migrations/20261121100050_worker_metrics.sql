-- What the workers count, kept where a scrape finds it: each worker has rows of its own, so none waits for another.

create table private.worker_metrics (
  worker uuid not null,
  name text not null,
  labels jsonb not null,
  value double precision not null,
  updated_at timestamptz not null,
  constraint worker_metrics_pkey primary key (worker, name, labels)
);
comment on table private.worker_metrics is
  'Totals by worker since it began, written by itself. Those of workers that are long gone are added up under the nil UUID.';
alter table private.worker_metrics enable row level security;
revoke all on private.worker_metrics from public, anon, authenticated, service_role;

-- A worker tells its totals. p_metrics: [{name, labels, value}]; writing the same twice changes nothing.
create function public.record_metrics(p_worker uuid, p_metrics jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
set statement_timeout = '5s'
as $$
begin
  insert into private.worker_metrics (worker, name, labels, value, updated_at)
  select p_worker, m.name, m.labels, m.value, clock_timestamp()
  from jsonb_to_recordset(p_metrics) m (name text, labels jsonb, value double precision)
  on conflict (worker, name, labels) do update set value = excluded.value, updated_at = excluded.updated_at;
  return jsonb_build_object('success', true);
end;
$$;

-- Whether a number says what is, and not what was: that of a worker that is gone says nothing.
create function private.is_gauge(p_name text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return p_name = 'edge_credits_streams_open';
end;
$$;

-- Adds up what workers wrote that are long gone. A worker that was silent for half an hour begins anew, under another id.
create function private.compact_metrics()
returns void
language plpgsql
set search_path = ''
as $$
begin
  with gone as (
    delete from private.worker_metrics
    where updated_at < clock_timestamp() - interval '1 hour' and worker <> '00000000-0000-0000-0000-000000000000'
    returning name, labels, value
  )
  insert into private.worker_metrics as m (worker, name, labels, value, updated_at)
  select '00000000-0000-0000-0000-000000000000', name, labels, sum(value), clock_timestamp()
  from gone
  where not private.is_gauge(name)
  group by name, labels
  on conflict (worker, name, labels) do update set value = m.value + excluded.value, updated_at = excluded.updated_at;
end;
$$;

comment on function public.record_metrics(uuid, jsonb) is 'A worker tells what it has counted since it began.';

revoke all on function private.is_gauge(text) from public, anon, authenticated, service_role;
revoke all on function private.compact_metrics() from public, anon, authenticated, service_role;
revoke all on function public.record_metrics(uuid, jsonb) from public, anon, authenticated;
grant execute on function public.record_metrics(uuid, jsonb) to service_role;
