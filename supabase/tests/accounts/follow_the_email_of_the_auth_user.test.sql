begin;
select plan(2);

select tests.create_user() as user_id \gset
update auth.users set email = 'new-address@example.com' where id = :'user_id';

select is(email, 'new-address@example.com', 'at once') from public.profiles where id = :'user_id';
select is(version, 1::bigint, 'without an event: it is no credit') from public.profiles where id = :'user_id';

select * from finish();
rollback;
