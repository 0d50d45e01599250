begin;
select plan(6);

select tests.create_user() as user_id \gset
insert into public.topics (name, audience) values ('test', 'authenticated');

select is(public.set_preferences(:'user_id', 'test', null, 0) ->> 'error', 'INVALID_REQUEST', 'neither muted nor not');
select is(public.set_preferences(:'user_id', 'test', true, null) ->> 'error', 'INVALID_REQUEST', 'no interval');
select is(public.set_preferences(:'user_id', 'test', true, -1) ->> 'error', 'INVALID_REQUEST', 'one before now');
select is(public.set_preferences(:'user_id', 'test', true, 86401) ->> 'error', 'INVALID_REQUEST', 'one above a day');
select is(public.set_preferences(:'user_id', 'test', true, 86400) -> 'success', 'true', 'a day is one');
select is(public.get_preferences(:'user_id', 'test') -> 'version', '2', 'a refusal is no event');

select * from finish();
rollback;
