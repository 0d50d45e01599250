begin;
select plan(3);

set local client_min_messages = error;
select tests.create_type();
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing') as generation_id \gset
update public.generation_jobs set deadline_at = '2000-01-01' where user_id = :'user_id';
select tests.forbid_to_expire(:'generation_id');
select public.refund_stuck_generations();
select public.refund_stuck_generations();
select isnt_empty(
  format('select from private.sweep_failures where generation_id = %L', :'generation_id'), 'not before that'
);

select public.release_generation(null, :'generation_id', 'by hand');
select is(
  jsonb_path_query_array(public.get_health(), '$.checks[*] ? (@.name == "failed_refunds")') #> '{0, count}', '0',
  'health reports it no more, whoever settled it'
);
select public.refund_stuck_generations();
select is_empty(
  format('select from private.sweep_failures where generation_id = %L', :'generation_id'), 'and the next run forgets it'
);

select * from finish();
rollback;
