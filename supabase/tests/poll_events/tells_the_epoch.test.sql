begin;
select plan(2);

select is(
  public.poll_events('{}', '{}') -> 'epoch', (select to_jsonb(epoch) from private.settings), 'whatever else there is'
);
select public.rotate_epoch();
select is(
  public.poll_events('{}', '{}') -> 'epoch', (select to_jsonb(epoch) from private.settings), 'also after it was rotated'
);

select * from finish();
rollback;
