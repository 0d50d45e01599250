begin;
select plan(3);

set local client_min_messages = error;
select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select tests.create_user() as other_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', 'processing') as bad \gset
select tests.create_generation(:'user_id', 'processing');
select tests.create_generation(:'other_id', 'processing');
-- The one that fails is the oldest, and is first in every batch that it may be in.
update public.generation_jobs
set deadline_at = case id when :'bad' then timestamptz '2000-01-01' else '2000-01-02' end
where user_id in (:'user_id', :'other_id');
select tests.forbid_to_expire(:'bad');

select is(
  array[
    public.refund_stuck_generations(1) - 'run', public.refund_stuck_generations(1) - 'run',
    public.refund_stuck_generations(1) - 'run', public.refund_stuck_generations(1) - 'run'
  ],
  array[
    '{"success": true, "expired": 0, "refunded": 0, "failed": 1, "more": true}',
    '{"success": true, "expired": 1, "refunded": 1, "failed": 0, "more": true}',
    '{"success": true, "expired": 1, "refunded": 1, "failed": 0, "more": true}',
    '{"success": true, "expired": 0, "refunded": 0, "failed": 0, "more": false}'
  ]::jsonb[],
  'in batches of one it takes one turn, and the others have theirs'
);
select is(tests.credits(:'other_id'), 10, 'another''s credits are back');
select is(tests.credits(:'user_id'), 9, 'and of its own account all but its own');

select * from finish();
rollback;
