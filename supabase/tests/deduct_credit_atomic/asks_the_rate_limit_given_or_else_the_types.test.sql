begin;
select plan(4);

select tests.create_type('test-default', 1, p_rate_limit_seconds => 60);
select tests.create_user() as user_id \gset
update private.settings set default_type = 'test-default';
update public.profiles set last_generate_at = clock_timestamp() - interval '20.5 seconds' where id = :'user_id';
select tests.account(:'user_id') as before \gset

select is(
  public.deduct_credit_atomic(:'user_id', null) ->> 'message', 'Please wait 40 seconds before generating again',
  'null: that of the type'
);
select is(
  public.deduct_credit_atomic(:'user_id', 30) ->> 'message', 'Please wait 10 seconds before generating again',
  'or the one given'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');
select is(public.deduct_credit_atomic(:'user_id', 20) -> 'success', 'true', 'once it has passed it is served');

select * from finish();
rollback;
