begin;
select plan(1);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed') as generation_id \gset

select is(
  public.get_generation(:'user_id', :'generation_id') - 'epoch',
  jsonb_build_object(
    'success', true, 'credits', 7, 'version', 3, 'generation_id', id, 'type', 'test', 'status', 'completed', 'cost', 3,
    'refunded', 0, 'input', '{"prompt": "a fox"}'::jsonb, 'result', '{"url": "https://example.com/fox.png"}'::jsonb,
    'error', null, 'created_at', created_at, 'deadline_at', deadline_at, 'finished_at', finished_at, 'refunded_at', null
  ),
  'and where the account stands; no lease'
)
from public.generation_jobs
where id = :'generation_id';

select * from finish();
rollback;
