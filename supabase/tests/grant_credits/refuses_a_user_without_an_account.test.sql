begin;
select plan(1);

select is(public.grant_credits(gen_random_uuid(), 5, 'gift') ->> 'error', 'PROFILE_NOT_FOUND', 'an unknown user');

select * from finish();
rollback;
