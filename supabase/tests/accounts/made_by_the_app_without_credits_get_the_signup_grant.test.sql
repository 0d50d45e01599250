begin;
select plan(2);

update private.settings set signup_credits = 7;
insert into public.profiles (id) values ('11111111-1111-4111-8111-111111111111');

select is(tests.credits('11111111-1111-4111-8111-111111111111'), 7, 'of private.settings.signup_credits');
select is(
  tests.newest_event('11111111-1111-4111-8111-111111111111') -> 'delta', '7', 'the ledger begins with that'
);

select * from finish();
rollback;
