begin;
select plan(2);

update private.settings set signup_credits = 10, anonymous_signup_credits = 10;
insert into auth.users (id, is_anonymous) values ('11111111-1111-4111-8111-111111111111', true);
update auth.users
set is_anonymous = false, email = 'kept@example.com'
where id = '11111111-1111-4111-8111-111111111111';

select is(tests.credits('11111111-1111-4111-8111-111111111111'), 10, 'they had as much from the beginning');
select is(tests.newest_event('11111111-1111-4111-8111-111111111111') ->> 'type', 'account.opened', 'no event is made');

select * from finish();
rollback;
