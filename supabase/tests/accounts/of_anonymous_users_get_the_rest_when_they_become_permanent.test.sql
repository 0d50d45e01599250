begin;
select plan(4);

update private.settings set signup_credits = 10, anonymous_signup_credits = 2;
insert into auth.users (id, is_anonymous) values ('11111111-1111-4111-8111-111111111111', true);
update auth.users
set is_anonymous = false, email = 'kept@example.com'
where id = '11111111-1111-4111-8111-111111111111';

select is(tests.credits('11111111-1111-4111-8111-111111111111'), 10, 'what a permanent account opens with');
select is(
  tests.newest_event('11111111-1111-4111-8111-111111111111'),
  '{"version": 2, "type": "credit.granted", "delta": 8, "balance": 10, "reason": "signup_grant",
    "actor": "system", "generation_id": null}',
  'as a grant of its own'
);
select is(
  email, 'kept@example.com', 'and the e-mail'
)
from public.profiles
where id = '11111111-1111-4111-8111-111111111111';
update auth.users set email = 'other@example.com' where id = '11111111-1111-4111-8111-111111111111';
select is(tests.credits('11111111-1111-4111-8111-111111111111'), 10, 'once');

select * from finish();
rollback;
