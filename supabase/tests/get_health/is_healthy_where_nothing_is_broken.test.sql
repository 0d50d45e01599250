begin;
select plan(1);

select tests.create_type('test', 1);
select tests.create_user() as user_id \gset
select public.refund_stuck_generations(1000000);
select tests.create_generation(:'user_id', status)
from unnest(array['completed', 'failed', 'released', 'expired', 'processing', 'reserved']) status;

select is(
  public.get_health() - 'last_sweep',
  '{"success": true, "healthy": true, "checks": [
    {"name": "negative_balances", "ok": true, "count": 0, "meaning": "accounts with a balance below 0"},
    {"name": "ledger_drift", "ok": true, "count": 0,
      "meaning": "accounts whose balance is not that of their newest event"},
    {"name": "uncharged_generations", "ok": true, "count": 0,
      "meaning": "unsettled generations without their charge in the ledger"},
    {"name": "overdue_generations", "ok": true, "count": 0,
      "meaning": "generations more than 3 minutes overdue: the sweeper does not run, or cannot"},
    {"name": "failed_refunds", "ok": true, "count": 0,
      "meaning": "generations that the sweeper could not refund: see private.sweep_failures"},
    {"name": "sweeper_silent", "ok": true, "count": 0, "meaning": "1: the sweeper has not succeeded for 3 minutes"}
  ]}',
  'a generation in every status, and no fault'
);

select * from finish();
rollback;
