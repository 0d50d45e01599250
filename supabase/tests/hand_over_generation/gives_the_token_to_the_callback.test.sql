begin;
select plan(6);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) as hold \gset
select :'hold'::jsonb ->> 'generation_id' as generation_id, :'hold'::jsonb ->> 'lease_token' as lease_token \gset
select public.hand_over_generation(:'generation_id', :'lease_token');
select tests.account(:'user_id') as before \gset

select is(
  public.complete_generation(:'generation_id', '{"url": "x"}') ->> 'error', 'GENERATION_IN_PROGRESS',
  'nobody completes it without the token'
);
select is(
  public.fail_generation(:'generation_id', 'forged', gen_random_uuid()) ->> 'error', 'GENERATION_IN_PROGRESS',
  'or fails it with another'
);
select is(tests.account(:'user_id'), :'before', 'and nothing has happened');
select is(
  public.complete_generation(:'generation_id', '{"url": "x"}', 1, :'lease_token', 'msg_1') ->> 'status', 'completed',
  'the callback brings it along, and the cost'
);
select is(
  public.complete_generation(:'generation_id', '{"url": "x"}', 1, :'lease_token', 'msg_1') -> 'replayed', 'true',
  'a callback that comes again is given its first answer'
);
select is(tests.credits(:'user_id'), 9, 'and settles once');

select * from finish();
rollback;
