begin;
select plan(3);

select tests.create_type('test', 1);
select tests.create_user() as other_id \gset
select tests.create_user() as user_id \gset
select tests.create_generation(:'other_id', 'completed');
select tests.create_generation(:'user_id', 'failed') as failed \gset
select tests.create_generation(:'user_id', 'completed') as completed \gset
select public.get_generations(:'user_id') as answer \gset

select is(
  :'answer'::jsonb - 'generations' - 'epoch', '{"success": true, "credits": 9, "version": 5, "next_before": null}',
  'with where the account stands, and that there is no next page'
);
select is(
  jsonb_path_query_array(:'answer', '$.generations[*].generation_id'), jsonb_build_array(:'completed', :'failed'),
  'newest first, and nobody else''s'
);
select is(
  :'answer'::jsonb #> '{generations, 1}',
  jsonb_build_object(
    'generation_id', id, 'version', 2, 'type', 'test', 'status', 'failed', 'cost', 1, 'refunded', 1,
    'error', 'provider_error', 'created_at', created_at, 'deadline_at', deadline_at, 'finished_at', finished_at,
    'refunded_at', refunded_at
  ),
  'each without input, result and lease'
)
from public.generation_jobs
where id = :'failed';

select * from finish();
rollback;
