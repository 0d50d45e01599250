begin;
select plan(2);

select tests.create_user() as user_id \gset

select is(
  public.open_stream(:'user_id') - 'epoch',
  '{"success": true, "credits": 10, "version": 1, "last_generate_at": null, "topics": {}}', 'where it stands'
);
select is(
  public.open_stream(:'user_id') -> 'epoch', (select to_jsonb(epoch) from private.settings), 'in which epoch'
);

select * from finish();
rollback;
