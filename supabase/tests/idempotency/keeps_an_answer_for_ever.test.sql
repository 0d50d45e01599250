begin;
select plan(1);

select tests.create_type();
select tests.create_user() as user_id \gset
select public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k') as first \gset
update private.idempotency_keys set created_at = '2000-01-01' where user_id = :'user_id';

select is(
  public.reserve_generation(:'user_id', 'test', p_idempotency_key => 'k') -> 'generation_id',
  :'first'::jsonb -> 'generation_id', 'a retry a quarter of a century later is not charged either'
);

select * from finish();
rollback;
