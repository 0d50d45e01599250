begin;
select plan(1);

update private.settings set epoch = 99999999999999;

select is(public.rotate_epoch() -> 'epoch', '100000000000000', 'an epoch from the future is followed by the next');

select * from finish();
rollback;
