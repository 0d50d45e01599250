begin;
select plan(2);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed') as generation_id \gset
select tests.known(:'user_id') as known \gset
create temporary view answer as
select name, answer
from (
  values
    ('get_account', public.get_account(:'user_id', :'known')),
    ('get_account_history', public.get_account_history(:'user_id', p_known => :'known')),
    ('get_generations', public.get_generations(:'user_id', p_known => :'known')),
    ('get_generation', public.get_generation(:'user_id', :'generation_id', :'known'))
) a (name, answer);

select results_eq(
  'select distinct answer - ''epoch'' from answer',
  array['{"success": true, "unchanged": true, "credits": 7, "version": 3}'::jsonb],
  'and no more than that, whatever the view'
);
select public.grant_credits(:'user_id', 1, 'gift');
select is_empty($$select name from answer where answer ? 'unchanged'$$, 'until anything of the account has changed');

select * from finish();
rollback;
