begin;
select plan(4);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing') as later \gset
select tests.create_generation(:'user_id', 'processing') as latest \gset
select tests.create_generation(:'user_id', 'processing') as first \gset
update public.generation_jobs
set deadline_at = case id
  when :'first' then timestamptz '2000-01-01'
  when :'later' then '2000-01-02'
  else '2000-01-03'
end
where user_id = :'user_id';

select is(public.refund_stuck_generations(2) -> 'expired', '2', 'a batch is as large as asked');
select is(
  array[tests.status(:'first'), tests.status(:'later'), tests.status(:'latest')],
  array['expired', 'expired', 'processing'],
  'and takes what waited longest'
);
select is(public.refund_stuck_generations(2) -> 'expired', '1', 'the next one takes the rest');
select is(
  public.refund_stuck_generations(2) - 'run',
  '{"success": true, "expired": 0, "refunded": 0, "failed": 0, "more": false}',
  'then there is nothing left'
);

select * from finish();
rollback;
