create table public.projects (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  name text not null,
  constraint projects_pkey primary key (id),
  constraint project_belongs_to_an_account foreign key (user_id) references public.profiles (id)
);
create index projects_of_user on public.projects (user_id, name);
alter table public.projects enable row level security;
revoke all on public.projects from public, anon, authenticated, service_role;

-- Adds a project. Locks the profile.
-- Answers {success, credits, version, epoch}, or refuses with PROFILE_NOT_FOUND.
create function public.add_project(p_user_id uuid, p_name text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- First, since it takes the account's lock, and so does whatever else writes to rows of the account.
  v_answer constant jsonb := public.record_change(p_user_id, 'projects');
begin
  if (v_answer -> 'success')::boolean then
    insert into public.projects (user_id, name) values (p_user_id, p_name);
  end if;
  return v_answer;
end;
$$;

-- The own projects, by name.
-- Answers what every view begins with, and {projects: [{id, name}]}.
create function public.get_projects(p_user_id uuid, p_known text default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_head constant jsonb := private.begin_view(p_user_id, p_known);
begin
  if private.view_is_done(v_head) then
    return v_head;
  end if;
  return v_head || jsonb_build_object('projects', (
    select coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name) order by name), '[]')
    from public.projects
    where user_id = p_user_id
  ));
end;
$$;

revoke all on function public.add_project(uuid, text), public.get_projects(uuid, text) from public, anon, authenticated;
grant execute on function public.add_project(uuid, text), public.get_projects(uuid, text) to service_role;
