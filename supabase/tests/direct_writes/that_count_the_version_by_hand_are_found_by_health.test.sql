begin;
select plan(2);

-- The guard knows our own writes by the version, which costs nothing; whoever counts it by hand is found out.
select tests.create_user() as user_id \gset
update public.profiles set credits = 1000, version = version + 1 where id = :'user_id';

select is(public.get_health() -> 'healthy', 'false', 'an account without its newest event is not healthy');
select is(
  (select c -> 'count' from jsonb_array_elements(public.get_health() -> 'checks') c where c ->> 'name' = 'ledger_drift'),
  '1', 'and it is counted as drift'
);

select * from finish();
rollback;
