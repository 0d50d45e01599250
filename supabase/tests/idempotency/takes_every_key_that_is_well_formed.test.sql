begin;
select plan(1);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset

select bag_eq(
  format(
    $$select public.reserve_generation(%L, 'test', p_idempotency_key => key) -> 'success'
    from unnest(array['a', 'A-z_0:9.', repeat('a', 255)]) key$$,
    :'user_id'
  ),
  array['true', 'true', 'true']::jsonb[],
  '1 to 255 characters of A-Z a-z 0-9 _ : . -'
);

select * from finish();
rollback;
