begin;
select plan(2);

select tests.create_user() as user_id \gset
select public.grant_credits(:'user_id', 1, 'gift') from generate_series(1, 55);
select public.get_account_history(:'user_id') as answer \gset

select is(jsonb_array_length(:'answer'::jsonb -> 'events'), 50, 'fifty');
select is(:'answer'::jsonb -> 'next_before', '7', 'and where to go on');

select * from finish();
rollback;
