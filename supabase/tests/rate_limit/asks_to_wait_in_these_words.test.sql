begin;
select plan(3);

select tests.create_type(p_rate_limit_seconds => 10);
select tests.create_user() as user_id \gset
update public.profiles set last_generate_at = clock_timestamp() - interval '5.5 seconds' where id = :'user_id';
select tests.account(:'user_id') as before \gset

select is(
  public.reserve_generation(:'user_id', 'test'),
  jsonb_build_object(
    'success', false, 'error', 'RATE_LIMITED', 'retry_after_seconds', 5, 'credits', 10, 'version', 1,
    'message', 'Please wait 5 seconds before generating again',
    'epoch', (select epoch from private.settings)
  ),
  'the refusal says how long, in words and as a number of whole seconds, rounded up'
);
select is(
  public.submit_generation(:'user_id', 'test') ->> 'message', 'Please wait 5 seconds before generating again',
  'a submission is asked the same'
);
select is(tests.account(:'user_id'), :'before', 'a refusal changes nothing');

select * from finish();
rollback;
