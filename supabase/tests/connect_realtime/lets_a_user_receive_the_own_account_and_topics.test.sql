begin;
select plan(8);

select tests.create_user() as user_id \gset
select tests.create_user() as other \gset
insert into public.topics (name, audience, owner_id, role)
values ('all', 'authenticated', null, null), ('own', 'owner', :'user_id', null), ('others', 'owner', :'other', null),
  ('staff', 'role', null, 'kitchen');

-- Whether the user may join: as Realtime asks, by a message that is stored, looked at as the user, and taken back.
create function pg_temp.may_receive(p_user_id uuid, p_channel text, p_extension text default 'broadcast')
returns boolean
language plpgsql
as $$
declare
  v_id constant uuid := gen_random_uuid();
  v_sees boolean;
begin
  insert into realtime.messages (id, topic, extension) values (v_id, p_channel, p_extension);
  perform set_config('realtime.topic', p_channel, true);
  perform tests.as_user(p_user_id);
  select exists (select from realtime.messages where id = v_id) into v_sees;
  reset role;
  return v_sees;
end;
$$;

select ok(pg_temp.may_receive(:'user_id', 'account:' || :'user_id'), 'the own account');
select ok(not pg_temp.may_receive(:'user_id', 'account:' || :'other'), 'not another''s');
select ok(pg_temp.may_receive(:'user_id', 'topic:all'), 'a topic of every signed-in user');
select ok(pg_temp.may_receive(:'user_id', 'topic:own'), 'the own topic');
select ok(not pg_temp.may_receive(:'user_id', 'topic:others'), 'not another''s');
select ok(not pg_temp.may_receive(:'user_id', 'topic:staff'), 'not one of a role that the user has not');
select ok(not pg_temp.may_receive(:'user_id', 'room-1'), 'nothing else');
select ok(not pg_temp.may_receive(:'user_id', 'account:' || :'user_id', 'presence'), 'and only Broadcast');

select * from finish();
rollback;
