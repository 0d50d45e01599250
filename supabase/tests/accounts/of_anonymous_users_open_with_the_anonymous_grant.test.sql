begin;
select plan(2);

update private.settings set signup_credits = 10, anonymous_signup_credits = 2;
insert into auth.users (id, is_anonymous) values ('11111111-1111-4111-8111-111111111111', true);

select is(tests.credits('11111111-1111-4111-8111-111111111111'), 2, 'of private.settings.anonymous_signup_credits');
select is(
  tests.newest_event('11111111-1111-4111-8111-111111111111') -> 'delta', '2', 'the ledger begins with that'
);

select * from finish();
rollback;
