begin;
select plan(6);

insert into public.topics (name, audience, role) values ('test', 'role', 'kitchen');
select public.publish_notification('test', 'k', 's', 'x');

-- How many notifications somebody with these claims is shown.
create function pg_temp.shown(p_claims jsonb)
returns bigint
language plpgsql
as $$
declare
  v_count bigint;
begin
  perform set_config('request.jwt.claims', (p_claims || '{"role": "authenticated"}')::text, true);
  set local role authenticated;
  select count(*) into v_count from public.topic_notifications where topic = 'test';
  reset role;
  return v_count;
end;
$$;

select is(pg_temp.shown('{"user_role": "kitchen"}'), 1::bigint, 'in user_role');
select is(pg_temp.shown('{"app_metadata": {"role": "kitchen"}}'), 1::bigint, 'in app_metadata.role');
select is(pg_temp.shown('{"user_role": "waiter", "app_metadata": {"role": "guest"}}'), 0::bigint, 'not with another role');
select is(pg_temp.shown('{}'), 0::bigint, 'not without one');
select is(
  pg_temp.shown('{"user_metadata": {"role": "kitchen", "user_role": "kitchen"}, "raw": "kitchen"}'), 0::bigint,
  'not with what users may write themselves'
);
update public.topics set role = 'authenticated' where name = 'test';
select is(pg_temp.shown('{}'), 0::bigint, 'the database role is no such claim');

select * from finish();
rollback;
