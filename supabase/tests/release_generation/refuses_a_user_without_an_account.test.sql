begin;
select plan(1);

select is(public.release_generation(gen_random_uuid()) ->> 'error', 'PROFILE_NOT_FOUND', 'an unknown user');

select * from finish();
rollback;
