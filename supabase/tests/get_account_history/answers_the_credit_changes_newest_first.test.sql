begin;
select plan(3);

select tests.create_type();
select tests.create_user() as other_id \gset
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed') as generation_id \gset
select public.grant_credits(:'user_id', 5, 'gift');
select public.grant_credits(:'other_id', 5, 'gift');
select public.get_account_history(:'user_id') as answer \gset

select is(
  :'answer'::jsonb - 'events' - 'epoch',
  '{"success": true, "credits": 12, "version": 4, "next_before": null}',
  'with where the account stands, and that there is no next page'
);
select is(
  jsonb_path_query_array(:'answer', '$.events[*].version'), '[4, 2, 1]',
  'newest first; what moved no credits, and what is another''s, is none'
);
select is(
  :'answer'::jsonb #> '{events, 1}',
  jsonb_build_object(
    'version', 2, 'type', 'generation.submitted', 'delta', -3, 'balance', 7, 'reason', 'test', 'actor', 'user',
    'generation_id', :'generation_id', 'created_at', created_at
  ),
  'each with all that the ledger says, but whose it is'
)
from public.account_events
where user_id = :'user_id' and version = 2;

select * from finish();
rollback;
