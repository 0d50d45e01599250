begin;
select plan(7);

select tests.create_type();
select tests.create_user() as user_id \gset
set local role service_role;

select isnt_empty('select from public.profiles', 'profiles');
select isnt_empty('select from public.generation_types', 'the price list');
select lives_ok('select from public.topics', 'topics');
select throws_ok('select from private.idempotency_keys', '42501', null, 'but no idempotency keys');
select throws_ok('select from private.settings', '42501', null, 'no settings');
select throws_ok('select from private.sweep_runs', '42501', null, 'no runs of the sweeper');
select throws_ok('select from private.sweep_failures', '42501', null, 'and not what it failed at');
reset role;

select * from finish();
rollback;
