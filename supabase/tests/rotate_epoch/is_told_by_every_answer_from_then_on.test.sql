begin;
select plan(2);

select tests.create_user() as user_id \gset
select public.rotate_epoch() -> 'epoch' as epoch \gset

select is(public.get_account(:'user_id') -> 'epoch', :'epoch', 'of a read');
select is(public.grant_credits(:'user_id', 1, 'gift') -> 'epoch', :'epoch', 'of a write');

select * from finish();
rollback;
