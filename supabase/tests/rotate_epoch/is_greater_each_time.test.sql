begin;
select plan(4);

select epoch as before from private.settings \gset
select public.rotate_epoch() as first \gset
select public.rotate_epoch() as second \gset

select cmp_ok((:'first'::jsonb -> 'epoch')::bigint, '>', :before::bigint, 'than the one before');
select cmp_ok(
  (:'second'::jsonb -> 'epoch')::bigint, '>', (:'first'::jsonb -> 'epoch')::bigint, 'also within a millisecond'
);
select is(epoch, (:'second'::jsonb -> 'epoch')::bigint, 'and is kept') from private.settings;
select is(:'first'::jsonb -> 'success', 'true', 'and says that it is done');

select * from finish();
rollback;
