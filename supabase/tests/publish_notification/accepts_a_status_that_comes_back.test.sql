begin;
select plan(3);

insert into public.topics (name, audience) values ('test', 'authenticated');

select public.publish_notification('test', 'door', 'door-1', 'open');
select public.publish_notification('test', 'door', 'door-1', 'closed');

select is(
  public.publish_notification('test', 'door', 'door-1', 'open'), '{"success": true, "published": true, "id": 3}',
  'A, B, A: the second A says something new'
);
select is(
  public.publish_notification('test', 'door', 'door-1', 'open'), '{"success": true, "published": false, "id": 3}',
  'A again repeats that one'
);
select is(
  (select array_agg(status order by id) from public.topic_notifications where topic = 'test'), '{open,closed,open}',
  'all three are stored'
);

select * from finish();
rollback;
