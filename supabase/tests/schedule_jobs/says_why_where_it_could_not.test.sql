begin;
select plan(1);

set local client_min_messages = warning;
select exists (select from pg_extension where extname = 'pg_cron') as has_cron \gset
\if :has_cron
select skip('pg_cron is installed in this database', 1);
\else
select matches(private.schedule_jobs(), '^not scheduled: .+', 'it does not fail, and says what was in the way');
\endif

select * from finish();
rollback;
