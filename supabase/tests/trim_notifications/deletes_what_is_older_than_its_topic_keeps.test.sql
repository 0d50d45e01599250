begin;
select plan(3);

insert into public.topics (name, audience, retention_days) values ('short', 'authenticated', 1), ('long', 'authenticated', 9);
select public.publish_notification(t, 'k', 's' || i, 'x') from unnest('{short,long}'::text[]) t, generate_series(1, 4) i;
update public.topic_notifications set created_at = now() - interval '2 days' where topic in ('short', 'long') and id <= 3;
update public.topic_notifications set created_at = now() - interval '10 days' where topic in ('short', 'long') and id = 1;

select is(private.trim_notifications(), 4, 'answers how many');
select results_eq(
  $$select topic, id from public.topic_notifications where topic in ('short', 'long') order by topic, id$$,
  $$values ('long', 2::bigint), ('long', 3), ('long', 4), ('short', 4)$$, 'keeps what is young'
);
select is(private.trim_notifications(), 0, 'and is done');

select * from finish();
rollback;
