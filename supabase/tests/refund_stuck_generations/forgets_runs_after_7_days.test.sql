begin;
select plan(2);

update private.sweep_totals set expired = 100, refunded = 300;

-- Ids above those that the sequence gives, so that none is a run of the test's own.
insert into private.sweep_runs (id, started_at, finished_at, batches, expired, refunded, failed)
overriding system value
select id, now() - age - interval '1 second', now() - age, 1, 2, 6, 0
from (values (9000000001, interval '7 days 1 minute'), (9000000002, '6 days 23 hours'), (9000000003, '1 year')) v (id, age);
select public.refund_stuck_generations(1000000);

select results_eq(
  'select id from private.sweep_runs where id > 9000000000 order by id', array[9000000002],
  'older ones go when a new one comes'
);
select row_eq(
  'select expired, refunded from private.sweep_totals', row (104::bigint, 312::bigint), 'and what they did is still counted'
);

select * from finish();
rollback;
