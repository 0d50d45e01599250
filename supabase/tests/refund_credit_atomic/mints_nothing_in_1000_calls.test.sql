begin;
select plan(3);

select tests.create_type();
select tests.create_user() as user_id \gset
select tests.create_generation(:'user_id', 'completed');
select tests.create_generation(:'user_id', 'processing');
select tests.create_generation(:'user_id', 'reserved');

select results_eq(
  format(
    $$select coalesce(answer ->> 'error', answer ->> 'status'), count(*)::integer
    from (select public.refund_credit_atomic(%L) as answer from generate_series(1, 1000)) a
    group by 1
    order by 1$$,
    :'user_id'
  ),
  $$values ('NOTHING_TO_REFUND', 999), ('released', 1)$$,
  'one reservation, one refund; the rest is refused'
);
select is(tests.credits(:'user_id'), 4, 'no credit came from nowhere');
select is(version, 6::bigint, 'and no refusal made an event') from public.profiles where id = :'user_id';

select * from finish();
rollback;
