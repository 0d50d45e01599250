begin;
select plan(2);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'reserved');
select tests.account(:'user_id') as before \gset

select is(
  public.open_account(:'user_id', 'other@example.com') - 'epoch', '{"success": true, "credits": 7, "version": 2}',
  'the answer says where the account stands'
);
select is(tests.account(:'user_id'), :'before', 'a second call grants nothing');

select * from finish();
rollback;
