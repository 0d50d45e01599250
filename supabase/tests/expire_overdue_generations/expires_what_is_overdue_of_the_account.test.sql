begin;
select plan(4);

select tests.create_type('test', 2);
select tests.create_user() as user_id \gset
select public.submit_generation(:'user_id', 'test', p_lease_seconds => 60) ->> 'generation_id' as lapsed \gset
select tests.create_generation(:'user_id', 'processing') as late \gset
select tests.create_generation(:'user_id', 'processing') as running \gset
select tests.create_generation(:'user_id', 'reserved') as unsubmitted \gset
update public.generation_jobs set lease_expires_at = clock_timestamp() - interval '1 second' where id = :'lapsed';
update public.generation_jobs
set deadline_at = clock_timestamp() - interval '1 second'
where id in (:'late', :'unsubmitted');

select is(
  public.expire_overdue_generations(:'user_id'), '{"success": true, "expired": 3}', 'the answer says how many'
);
select set_eq(
  format(
    'select generation_id, delta, reason, actor from public.account_events
    where user_id = %L and type = ''generation.expired''',
    :'user_id'
  ),
  format(
    'values (%L::uuid, 2, ''lease_lapsed'', ''system''), (%L, 2, ''deadline_passed'', ''system''),
    (%L, 2, ''reservation_expired'', ''system'')',
    :'lapsed', :'late', :'unsubmitted'
  ),
  'each as the sweeper does it'
);
select is(tests.status(:'running'), 'processing', 'what is not due is left alone');
select is(tests.credits(:'user_id'), 8, 'the credits are back');

select * from finish();
rollback;
