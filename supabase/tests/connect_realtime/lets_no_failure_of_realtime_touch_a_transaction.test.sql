begin;
select plan(5);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

set local client_min_messages = error;
create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void
language plpgsql
as $$
begin
  raise exception 'Realtime is away';
end;
$$;

select is(public.grant_credits(:'user_id', 5, 'gift') -> 'credits', '15', 'a grant, where realtime.send raises');
select is(
  public.publish_notification('test', 'order', 'order-1', 'placed') -> 'published', 'true', 'a notification'
);
select is((select count(*) from public.account_events where user_id = :'user_id'), 2::bigint, 'with its event');

drop function realtime.send(jsonb, text, text, boolean);
select is(public.grant_credits(:'user_id', 5, 'gift') -> 'credits', '20', 'a grant, where realtime.send is gone');
select is(
  public.publish_notification('test', 'order', 'order-1', 'paid') -> 'published', 'true', 'a notification'
);

select * from finish();
rollback;
