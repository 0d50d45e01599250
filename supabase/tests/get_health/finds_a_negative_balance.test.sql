begin;
select plan(2);

select tests.create_user() as user_id \gset
alter table public.profiles disable trigger zz_guard_direct_write;
alter table public.profiles drop constraint credits_not_negative;
update public.profiles set credits = -1 where id = :'user_id';

select is(public.get_health() -> 'healthy', 'false', 'is not healthy');
select is(
  jsonb_path_query_array(public.get_health(), '$.checks[*] ? (@.name == "negative_balances")') #> '{0, count}', '1',
  'and says what: a planted balance of -1'
);

select * from finish();
rollback;
