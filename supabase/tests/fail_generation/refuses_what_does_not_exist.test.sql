begin;
select plan(1);

select is(public.fail_generation(gen_random_uuid()) ->> 'error', 'GENERATION_NOT_FOUND', 'there never was one');

select * from finish();
rollback;
