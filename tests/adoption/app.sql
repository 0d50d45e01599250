-- An app as it may be before edge-credits comes: an own sign-up trigger, balances that the client wrote, jobs with words of
-- its own, and everything odd that such tables hold.
create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  username text not null,
  credits numeric(10, 2) default 5,
  avatar text,
  updated_at timestamp default now()
);
alter table public.profiles enable row level security;
create policy "Public profiles are viewable by everyone" on public.profiles for select using (true);
create policy "Users update their own profile" on public.profiles for update using (auth.uid() = id);

create table public.generation_jobs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references auth.users (id) on delete cascade,
  status text default 'pending' check (status in ('pending', 'processing', 'completed', 'failed', 'weird')),
  type text not null default 'image',
  prompt text not null,
  cost integer,
  finished_at timestamptz,
  created_at timestamp default now()
);
create unique index one_pending_job on public.generation_jobs (user_id) where status = 'pending';

create function public.handle_new_user()
returns trigger
language plpgsql
security definer
as $$
begin
  insert into public.profiles (id, username) values (new.id, coalesce(new.email, 'nobody'));
  return new;
end;
$$;
create trigger on_auth_user_created after insert on auth.users
  for each row execute function public.handle_new_user();

create table public.webhook_calls (job_id uuid, status text);
create function public.call_webhook()
returns trigger
language plpgsql
as $$
begin
  insert into public.webhook_calls values (new.id, to_jsonb(new) ->> 'status');
  return new;
end;
$$;
create trigger tell_webhook after update on public.generation_jobs
  for each row execute function public.call_webhook();

create function public.deduct_credit_atomic(p_user_id uuid, p_rate_limit_seconds integer)
returns json
language plpgsql
as $$
begin
  return '{"old": true}';
end;
$$;

insert into auth.users (id, email)
select ('00000000-0000-4000-8000-00000000000' || i)::uuid, 'user' || i || '@example.com' from generate_series(1, 5) i;
update public.profiles set credits = -3 where username like 'user2%';
update public.profiles set credits = null where username like 'user3%';
update public.profiles set credits = 7.5 where username like 'user4%';

insert into public.generation_jobs (user_id, status, prompt, cost, created_at)
values
  ('00000000-0000-4000-8000-000000000001', 'completed', 'an old one', 3, now() - interval '2 days'),
  ('00000000-0000-4000-8000-000000000001', 'pending', 'a stuck one', 3, now() - interval '1 day'),
  ('00000000-0000-4000-8000-000000000002', 'weird', 'an odd one', null, null),
  ('00000000-0000-4000-8000-000000000002', null, 'one without a status', 1, now()),
  (null, 'processing', 'nobody''s', 1, now());
truncate public.webhook_calls;
