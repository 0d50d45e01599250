begin;
select plan(2);

select tests.create_type();
select tests.create_user() as user_id \gset
select is(
  public.get_account(:'user_id'),
  jsonb_build_object(
    'success', true, 'credits', 10, 'version', 1, 'epoch', (select epoch from private.settings), 'last_generate_at', null
  ),
  'a new one'
);
select tests.create_generation(:'user_id', 'reserved');
select is(
  public.get_account(:'user_id') - 'epoch',
  jsonb_build_object(
    'success', true, 'credits', 7, 'version', 2,
    'last_generate_at', (select last_generate_at from public.profiles where id = :'user_id')
  ),
  'and one that was charged'
);

select * from finish();
rollback;
