begin;
select plan(3);

set local client_min_messages = warning;
select exists (select from pg_extension where extname = 'pg_cron') as has_cron \gset
\if :has_cron
select private.schedule_jobs() as first \gset
select private.schedule_jobs() as second \gset

select is(:'first', 'scheduled: refund-stuck-generations, trim-notifications, compact-metrics, trim-cron-history'::text, 'it says what it did');
select is(:'second', :'first'::text, 'and the second time the same');
select is(
  array(
    select schedule || ' ' || jobname
    from cron.job
    where jobname in ('refund-stuck-generations', 'trim-notifications', 'compact-metrics', 'trim-cron-history')
    order by jobname
  ),
  array[
    '*/10 * * * * compact-metrics', '* * * * * refund-stuck-generations', '17 3 * * * trim-cron-history',
    '* * * * * trim-notifications'
  ],
  'the sweeper and the trimming of notifications every minute, the rest seldom'
);
\else
select skip('pg_cron is not installed in this database', 3);
\endif

select * from finish();
rollback;
