begin;
select plan(2);

select tests.create_user() as user_id \gset

select tests.as_user(:'user_id');
select set_config('realtime.topic', 'account:' || :'user_id', true);
select throws_ok(
  format(
    'insert into realtime.messages (topic, extension, event, payload, private) values (%L, %L, %L, %L, true)',
    'account:' || :'user_id', 'broadcast', 'account', '{"balance": 1000000}'
  ),
  '42501', null, 'no policy lets a user write to a channel'
);
reset role;
set local role anon;
select throws_ok(
  $$insert into realtime.messages (topic, extension, private) values ('topic:orders', 'broadcast', true)$$, '42501', null,
  'nor somebody who is not signed in'
);
reset role;

select * from finish();
rollback;
