begin;
select plan(1);

select tests.create_user() as user_id \gset
alter table public.profiles disable trigger zz_guard_direct_write;
update public.profiles set version = 2 where id = :'user_id';

select is(
  jsonb_path_query_array(public.get_health(), '$.checks[*] ? (@.ok == false)') #> '{0, name}', '"ledger_drift"',
  'a planted version'
);

select * from finish();
rollback;
