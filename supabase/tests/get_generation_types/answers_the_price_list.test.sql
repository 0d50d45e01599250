begin;
select plan(1);

delete from public.generation_types;
select tests.create_type('test-b', 3, 10, false, null, 900);
select tests.create_type('test-a', 1);
update private.settings set default_type = 'test-a';

select is(
  public.get_generation_types(),
  '{"success": true, "default_type": "test-a", "types": [
    {"type": "test-a", "cost": 1, "rate_limit_seconds": 0, "timeout_seconds": 1800,
      "reservation_seconds": 1800, "refund_on_failure": true},
    {"type": "test-b", "cost": 3, "rate_limit_seconds": 10, "timeout_seconds": 900,
      "reservation_seconds": null, "refund_on_failure": false}
  ]}',
  'by name, with the default type'
);

select * from finish();
rollback;
