begin;
select plan(3);

set local client_min_messages = error;
drop function realtime.send(jsonb, text, text, boolean);
select is(private.connect_realtime(), 'not connected: there is no realtime.send', 'where Realtime is not');

create function realtime.send(payload jsonb, event text, topic text, private boolean) returns void language sql as '';
drop function realtime.topic() cascade;
select matches(private.connect_realtime(), '^not connected: function realtime.topic\(\) does not exist', 'what is missing');
select ok(
  exists (select from pg_trigger where tgname = 'zz_broadcast_event'), 'and leaves what was connected before'
);

select * from finish();
rollback;
