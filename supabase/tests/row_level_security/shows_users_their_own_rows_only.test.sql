begin;
select plan(6);

select tests.create_type();
select tests.create_user() as other_id \gset
select tests.create_user() as user_id \gset
select tests.create_generation(:'other_id', 'completed');
select tests.create_generation(:'user_id', 'completed') as generation_id \gset

select tests.as_user(:'user_id');
select results_eq('select id, credits from public.profiles', format('values (%L::uuid, 7)', :'user_id'), 'their profile');
select results_eq(
  'select id from public.generation_jobs', format('values (%L::uuid)', :'generation_id'), 'their generations'
);
select results_eq(
  'select generation_id from public.generation_results', format('values (%L::uuid)', :'generation_id'), 'their results'
);
select results_eq(
  'select user_id, version from public.account_events order by version',
  format('select %L::uuid, v from generate_series(1::bigint, 3) v', :'user_id'),
  'their events'
);
select throws_ok('select from public.generation_types', '42501', null, 'the price list only by get_generation_types');
select throws_ok('select from private.settings', '42501', null, 'nothing of private');
reset role;

select * from finish();
rollback;
