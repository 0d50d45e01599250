begin;
select plan(2);

select tests.create_type(p_rate_limit_seconds => 60);
select tests.create_user(3) as user_id \gset
select public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k') as first \gset

select is(
  public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k'), :'first'::jsonb || '{"replayed": true}',
  'the answer is given again, though the limit runs and the balance is spent'
);
delete from public.generation_types where slug = 'test';
select is(
  public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k') -> 'success', 'true',
  'and though the type is gone'
);

select * from finish();
rollback;
